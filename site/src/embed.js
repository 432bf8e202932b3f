/**
 * `<pageside-demo src="https://host/demo/">` on any page: an iframe that loads when it comes near the view and whose height
 * follows its content. A plain script without imports or exports: a module of another origin would need a
 * CORS header, which a static host may not send. In braces, so that it leaves no names behind and may run twice.
 */
{
  const HEIGHT_MESSAGE = "pageside:height";
  /** How far outside the view loading begins. */
  const NEAR = "600px";
  const FIRST_HEIGHT = 480;
  const LARGEST_HEIGHT = 20000;

  class PagesideDemo extends HTMLElement {
    static observedAttributes = ["src"];
    /** @type {HTMLIFrameElement | null} */
    #frame = null;
    /** @type {IntersectionObserver | null} */
    #observer = null;

    connectedCallback() {
      this.style.display ||= "block";
      this.style.minHeight ||= `${FIRST_HEIGHT}px`;
      window.addEventListener("message", this.#onMessage);
      this.#observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#load(),
        { rootMargin: NEAR });
      this.#observer.observe(this);
    }

    disconnectedCallback() {
      window.removeEventListener("message", this.#onMessage);
      this.#observer?.disconnect();
      this.#frame?.remove();
      this.#frame = null;
    }

    attributeChangedCallback() {
      if (this.#frame) this.#frame.src = this.#address()?.href ?? "about:blank";
    }

    /** @returns {URL | null} Only the web: `javascript:` would run in the page around. */
    #address() {
      const src = this.getAttribute("src");
      const url = src ? URL.parse?.(src, document.baseURI) ?? new URL(src, document.baseURI) : null;
      return url && /^https?:$/.test(url.protocol) ? url : null;
    }

    #load() {
      const address = this.#address();
      if (this.#frame || !address) return;
      this.#observer?.disconnect();
      const frame = document.createElement("iframe");
      frame.title = this.getAttribute("title") || "Pageside demo";
      frame.allow = "camera; microphone; clipboard-write; fullscreen";
      frame.src = address.href;
      Object.assign(frame.style, { display: "block", width: "100%", height: `${FIRST_HEIGHT}px`, border: "0" });
      this.#frame = frame;
      this.append(frame);
    }

    /** @param {MessageEvent} event */
    #onMessage = (event) => {
      const frame = this.#frame;
      if (!frame || event.source !== frame.contentWindow || event.origin !== this.#address()?.origin) return;
      const { type, height } = event.data ?? {};
      if (type !== HEIGHT_MESSAGE || !Number.isFinite(height) || height <= 0) return;
      frame.style.height = `${Math.min(Math.ceil(height), LARGEST_HEIGHT)}px`;
      this.style.minHeight = "0";
    };
  }

  if (!customElements.get("pageside-demo")) customElements.define("pageside-demo", PagesideDemo);
}
