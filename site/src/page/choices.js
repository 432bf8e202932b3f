/** Choices of Radio, CheckboxGroup and Dropdown, as pure functions. No DOM. */
import { FaultError } from "../shared/fault.js";

/** @typedef {string | number | boolean} Value */
/** @typedef {[name: string, value: Value]} Choice */
/** @typedef {{ label: string, props: Record<string, any> }} Config */

/** @param {Config} config @param {Value | null} value @returns {string} The name that the visitor reads. */
export function nameOf({ props }, value) {
  const found = choicesOf(props).find(([, known]) => known === value);
  return found ? found[0] : String(value ?? "");
}

/** @param {Record<string, any>} props @returns {Choice[]} */
export const choicesOf = (props) => props.choices ?? [];

/** @param {Config} config @param {Value | Value[] | null} value @returns {string} In words. */
export function namesOf(config, value) {
  const values = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  return values.map((one) => nameOf(config, one)).join(", ");
}

/**
 * @param {any} value One public value. @param {Config} config
 * @returns {Value | null}
 * @throws {FaultError} None of the choices, and own ones are not allowed.
 */
export function checkedChoice(value, config) {
  if (value === null || value === undefined) return null;
  const known = choicesOf(config.props).some(([, choice]) => choice === value);
  if (known || config.props.allow_custom_value) return value;
  const names = choicesOf(config.props).map(([, choice]) => JSON.stringify(choice));
  const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
  throw new FaultError("input", `${config.label || "Choice"}: ${JSON.stringify(value)} is none of the choices.`,
    { hint: `Give one of ${names.slice(0, 8).join(", ")}${more}.` });
}

/** @param {any} value Public values: a list, one alone, or none. @param {Config} config @throws {FaultError} as `checkedChoice` */
export function checkedChoices(value, config) {
  const values = value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];
  return values.map((one) => checkedChoice(one, config));
}
