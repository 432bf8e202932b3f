/** What the function keeps from call to call never comes to the page; this file is there so that no list has an exception. */
import { Field, define } from "../field.js";

export default class StateField extends Field {}

define("ps-state", StateField);

/** @param {any} value */
export const toPayload = async (value) => value;
/** @param {any} payload */
export const toPublic = (payload) => payload;
export const preview = () => document.createElement("span");
