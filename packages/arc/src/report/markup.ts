/** An element of HTML or SVG. */
export interface MarkupElement {
  name: string;
  attributes: Readonly<Record<string, AttributeValue>>;
  children: readonly Markup[];
}

type AttributeValue = string | number | boolean | undefined;

/** A tree of elements and text. All text is escaped when rendered: there is no way to put a string in as markup. */
export type Markup = string | MarkupElement | readonly Markup[] | null | undefined;

// Array.isArray alone does not narrow a readonly array.
const isList = (markup: MarkupElement | readonly Markup[]): markup is readonly Markup[] => Array.isArray(markup);

const voidElements = new Set(['meta', 'br']);

/** Makes an element. Attributes that are undefined or false are left out, true writes the bare name. */
export function element(
  name: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Markup[]
): MarkupElement {
  return { name, attributes, children };
}

/** The markup as text. */
export function renderMarkup(markup: Markup): string {
  if (markup === null || markup === undefined) return '';
  if (typeof markup === 'string') return escapeHtml(markup);
  if (isList(markup)) return markup.map(renderMarkup).join('');
  const attributes = Object.entries(markup.attributes).map(([name, value]) => {
    if (value === undefined || value === false) return '';
    if (value === true) return ` ${name}`;
    return ` ${name}="${escapeHtml(typeof value === 'number' ? formatCoordinate(value) : value)}"`;
  });
  const open = `<${markup.name}${attributes.join('')}>`;
  if (voidElements.has(markup.name)) return open;
  const content = markup.name === 'style' ? renderStyle(markup.children) : renderMarkup(markup.children);
  return `${open}${content}</${markup.name}>`;
}

/** HTML does not decode entities inside of a style element, so its text goes out as it is and must not be able to end it. */
function renderStyle(children: readonly Markup[]): string {
  const text = children.filter((child) => typeof child === 'string').join('');
  if (text.includes('<')) throw new RangeError('a style sheet must not contain "<"');
  return text;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for HTML content and quoted attributes; NUL, which HTML cannot hold, becomes the replacement character. */
function escapeHtml(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** A coordinate with at most two decimals, so that the same figures give the same bytes on every machine. */
export function formatCoordinate(value: number): string {
  const text = String(Number(value.toFixed(2)));
  return text === '-0' ? '0' : text;
}
