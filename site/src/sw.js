/**
 * The service worker: what was visited opens and answers without a network, and where the host sends no headers for it,
 * pages are cross-origin isolated, so that WebAssembly gets its threads. Large files are not its business: the page's
 * worker keeps them itself, under their SHA-256, and asks the network only for what it does not have.
 *
 * The build writes `self.pagesideSite = {...}` in front of this, so every new version of a site has a new service worker. A
 * plain script in braces: not every browser takes a module here.
 */
{
  /**
   * @typedef {object} Site written by the build; paths are relative to the site's folder
   * @property {string} version changes with every byte of the files below
   * @property {string} assets the folder of assets, whose name changes with its content
   * @property {string[]} scripts our own scripts and styles
   * @property {string[]} pages as they are asked for: "", "greet/"
   * @property {string[]} data of the pages: gallery.json, bundle.json of each demo
   * @property {string[]} demos folders, each with a slash
   */

  const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
  const site = /** @type {{pagesideSite: Site}} */ (/** @type {unknown} */ (self)).pagesideSite;
  const ROOT = new URL("./", worker.location.href);
  /** One for each site of an origin. */
  const CACHE = `pageside-site ${ROOT.pathname}`;
  /** Of worker/store.js: decoded files under their SHA-256. */
  const STORE = "pageside-1";
  /** So long the network may take where a kept copy could answer, and the device's storage where the network could. */
  const PATIENCE_MS = 3000;
  const PAGES = new Set(site.pages);
  const LISTED = new Set([...site.scripts.map((path) => site.assets + path), ...site.pages, ...site.data]);
  const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  /** What every page of ours has in it, whatever a host adds. */
  const OURS = /<script type="module" src="[^"]*assets\/[^"]+\/src\/page\/(main|gallery|device)\.js"/;

  /** Set when the visitor takes it away: what is still under way must not fill the cache again. */
  let removed = false;

  // ------------------------------------------------------------------------------------------------- its life

  worker.addEventListener("install", (event) => event.waitUntil(install()));
  // No skipWaiting: an open page of the last version may still ask for files that activating deletes.
  worker.addEventListener("activate", (event) => event.waitUntil(patiently(activate())));
  worker.addEventListener("message", (event) => {
    if (event.data?.type === "keep" && !removed) event.waitUntil(keep(event.data.urls));
    if (event.data?.type !== "go") return;
    removed = true;
    event.waitUntil(caches.delete(CACHE));
  });

  /** Keeps the pages, last: until all that they need is there, the copies of the last version stay. */
  async function install() {
    const cache = await caches.open(CACHE);
    const fetched = [...site.pages, ...site.data].map(async (path) => /** @type {const} */ ([path, await current(path)]));
    try {
      await Promise.all(site.scripts.map((path) => add(cache, new URL(site.assets + path, ROOT).href)));
      for (const [path, response] of await Promise.all(fetched)) await cache.put(new URL(path, ROOT).href, response);
    } catch (error) {
      // No room on the device: pages come from the network as before, and isolation works all the same.
      if (/** @type {Error} */ (error).name !== "QuotaExceededError") throw error;
    }
  }

  /**
   * @param {string} path of a page or its data
   * @returns {Promise<Response>} of this very version: while a site is being published, its files may not fit each other
   */
  async function current(path) {
    const response = await fetch(new URL(path, ROOT), { cache: "no-cache" });
    if (response.status !== 200) throw new Error(`${path}: the host answered ${response.status}`);
    const text = await response.clone().text();
    if (path !== "gallery.json" && !text.includes(site.assets)) throw new Error(`${path} is of another version`);
    return response;
  }

  async function activate() {
    await dropOld().catch(() => undefined);
    // From now on, what an open page still loads is kept too.
    await worker.clients.claim();
  }

  /** Deletes what nothing of this version refers to. */
  async function dropOld() {
    const cache = await caches.open(CACHE);
    for (const { url } of await cache.keys()) {
      const path = url.slice(ROOT.href.length);
      if (!LISTED.has(path) && !path.startsWith(site.assets) && !(await isOfDemo(path))) await cache.delete(url);
    }
    await dropDemos(await caches.open(STORE));
  }

  /** @param {string} path whether its demo still names it */
  async function isOfDemo(path) {
    const demo = site.demos.find((folder) => path.startsWith(folder));
    const bundle = demo && (await kept(new URL(`${demo}bundle.json`, ROOT).href));
    return bundle ? (await bundle.text()).includes(`"${path.slice(demo.length)}"`) : false;
  }

  /**
   * Demos that the site no longer has: their notes, and the files that no other demo of this origin needs.
   * @param {Cache} store
   */
  async function dropDemos(store) {
    const prefix = new URL("/.pageside/demos/", ROOT).href;
    const notes = (await store.keys()).map(({ url }) => url).filter((url) => url.startsWith(prefix));
    const gone = notes.filter((url) => {
      const base = decodeURIComponent(url.slice(prefix.length));
      return base.startsWith(ROOT.href) && !site.demos.includes(base.slice(ROOT.href.length));
    });
    /** @param {string[]} urls @returns {Promise<string[]>} */
    const filesOf = async (urls) => (await Promise.all(urls.map(async (url) => (await store.match(url))?.json()))).flat();
    const needed = new Set(await filesOf(notes.filter((url) => !gone.includes(url))));
    for (const file of await filesOf(gone)) if (!needed.has(file)) await store.delete(new URL(`/.pageside/${file}`, ROOT).href);
    for (const url of gone) await store.delete(url);
  }

  /**
   * What a page loaded before this worker was there, or loads in a worker of its own.
   * @param {string[]} urls
   */
  async function keep(urls) {
    const cache = await caches.open(CACHE);
    const wanted = urls.filter((url) => url.startsWith(ROOT.href) && isFixed(url.slice(ROOT.href.length)));
    await Promise.all(wanted.map((url) => add(cache, url).catch(() => undefined)));
    if (removed) await caches.delete(CACHE);
  }

  /**
   * @param {Cache} cache
   * @param {string} url of a file that never changes
   */
  async function add(cache, url) {
    if (await cache.match(url, { ignoreVary: true })) return;
    const response = await fetch(url);
    if (response.status !== 200) throw new Error(`${url}: the host answered ${response.status}`);
    await cache.put(url, response);
  }

  // ----------------------------------------------------------------------------------------------- its answers

  worker.addEventListener("fetch", (event) => {
    const answer = route(event);
    if (answer) event.respondWith(answer);
  });

  /**
   * @param {FetchEvent} event
   * @returns {Promise<Response> | null} null where the browser does as it would without this worker
   */
  function route(event) {
    const { request } = event;
    const url = new URL(request.url);
    if (removed || request.method !== "GET" || request.headers.has("range") || !url.href.startsWith(ROOT.href)) return null;
    const path = url.pathname.slice(ROOT.pathname.length);
    if (request.mode === "navigate") return PAGES.has(pagePath(path)) ? page(event, pagePath(path)) : null;
    if (isPacked(path)) return null;
    if (isFixed(path)) return fixed(event, url);
    return site.data.includes(path) || site.demos.some((demo) => path.startsWith(demo)) ? data(request, url) : null;
  }

  /** A page's path as it is kept: "greet/" for "greet/index.html" and "greet". @param {string} path */
  function pagePath(path) {
    const plain = path.replace(/(^|\/)index\.html$/, "$1");
    return PAGES.has(`${plain}/`) ? `${plain}/` : plain;
  }

  /** What the page's own store keeps, decoded and verified. @param {string} path */
  function isPacked(path) {
    return path.endsWith(".gz") || path.endsWith(".zst");
  }

  /** Whether this path always has the same content: an asset, or an example under its hash. @param {string} path */
  function isFixed(path) {
    if (isPacked(path)) return false;
    return /^assets\/[^/]+\/./.test(path) || site.demos.some((demo) => path.startsWith(`${demo}examples/`));
  }

  /**
   * A page comes from the network, so that a new version is seen at once; from the device where that fails or takes long.
   * @param {FetchEvent} event
   * @param {string} path
   */
  async function page({ request }, path) {
    const address = new URL(path, ROOT);
    // As the host does it for a folder without its slash, or what is relative in the page leads nowhere.
    const copy = () => (named(request.url) ? kept(address.href) : redirect(request.url, address));
    // "no-cache", because many a host lets browsers take a page of ten minutes ago for the newest.
    const asking = fetch(request.url, { cache: "no-cache", credentials: "include", redirect: "manual" });
    // To its last byte: a connection may stop in the midst of it.
    const whole = asking.then(async (fresh) => (fresh.status === 200 ? new Response(await fresh.text(), copied(fresh)) : fresh));
    const response = await networkFirst(whole, copy);
    // A redirect is the browser's to follow.
    if (response.type === "opaqueredirect" || response.status !== 200) return response;
    const text = await response.text();
    // The address now belongs to something else, which must be left alone.
    if (!OURS.test(text)) {
      await worker.registration.unregister();
      return new Response(text, copied(response));
    }
    // In a frame a page is never isolated, and the page around may not want its headers.
    return new Response(text, request.destination === "document" ? isolated(response, ISOLATION) : copied(response));
  }

  /** Whether an address is that of a folder or a file, and not a folder's without its slash. @param {string} url */
  function named(url) {
    return /\/$|\.html$/.test(new URL(url).pathname);
  }

  /** @param {string} from @param {URL} to */
  async function redirect(from, to) {
    const { search, hash } = new URL(from);
    return Response.redirect(new URL(search + hash, to), 302);
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   */
  async function fixed(event, url) {
    let response = await kept(url.href);
    if (!response) {
      response = await fetch(event.request);
      const copy = response.status === 200 ? response.clone() : null;
      if (copy) event.waitUntil(put(url.href, copy).catch(() => undefined));
    }
    // An isolated page may only start workers that say so too, onnxruntime's threads among them.
    if (event.request.destination !== "worker" || response.status !== 200) return response;
    return new Response(response.body, isolated(response, { "Cross-Origin-Embedder-Policy": "require-corp" }));
  }

  /** @param {string} url @param {Response} copy */
  async function put(url, copy) {
    if (!removed) await (await caches.open(CACHE)).put(url, copy);
    // It may have been taken away meanwhile.
    if (removed) await caches.delete(CACHE);
  }

  /**
   * @param {Request} request
   * @param {URL} url
   */
  function data(request, url) {
    // A page preloads its bundle.json, and a host may let browsers take one of ten minutes ago: not below a new page.
    const asking = site.data.includes(url.href.slice(ROOT.href.length)) ? fetch(request, { cache: "no-cache" }) : fetch(request);
    return networkFirst(asking, async () => (await kept(url.href)) ?? fromStore(url.href));
  }

  /**
   * @param {Promise<Response>} asking
   * @param {() => Promise<Response | undefined>} copy
   * @returns {Promise<Response>}
   */
  async function networkFirst(asking, copy) {
    const fresh = await patiently(asking).catch(() => null);
    if (fresh && fresh.status < 500) return fresh;
    return (await copy().catch(() => undefined)) ?? asking;
  }

  /**
   * Storage too can be silent for long, behind what another page began and did not end; no page must wait for that.
   * @template T
   * @param {Promise<T>} work goes on, whatever becomes of the waiting
   * @returns {Promise<T | undefined>} undefined where it took too long
   */
  function patiently(work) {
    const late = new Promise((/** @type {(value: undefined) => void} */ resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
    return Promise.race([work, late]);
  }

  /** @param {string} url */
  async function kept(url) {
    try {
      // Not through open(), which would make the cache anew where a visitor took it away.
      return await patiently(caches.match(url, { cacheName: CACHE, ignoreVary: true }));
    } catch {
      return undefined;
    }
  }

  /**
   * A demo's file from where the page's worker keeps it.
   * @param {string} url
   * @returns {Promise<Response | undefined>}
   */
  async function fromStore(url) {
    const demo = site.demos.find((folder) => url.startsWith(ROOT.href + folder));
    const bundle = demo && (await (await kept(new URL(`${demo}bundle.json`, ROOT).href))?.json());
    const file = bundle && bundle.files.find((/** @type {{url: string}} */ { url: name }) => new URL(name, ROOT.href + demo).href === url);
    return file && (await caches.open(STORE)).match(new URL(`/.pageside/${file.sha256}`, ROOT).href);
  }

  /**
   * A response's status and headers for a body that is decoded already.
   * @param {Response} response
   * @returns {ResponseInit & {headers: Headers}}
   */
  function copied({ status, statusText, headers: theirs }) {
    const headers = new Headers(theirs);
    for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
    return { status, statusText, headers };
  }

  /**
   * The same with headers that the host did not send; what it sends, it means.
   * @param {Response} response
   * @param {Record<string, string>} more
   */
  function isolated(response, more) {
    const init = copied(response);
    for (const [name, value] of Object.entries(more)) if (!init.headers.has(name)) init.headers.set(name, value);
    return init;
  }
}
