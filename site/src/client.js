/** What other people's pages import: `const demo = await connect("https://.../classify-photo/"); await demo.predict(file)`. */
export { connect } from "./page/client.js";
