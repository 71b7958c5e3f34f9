import { onCleanup, onMount } from 'solid-js';
import { hasShortcuts } from './settings.js';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type="checkbox"], [type="radio"]), select, textarea');

/**
 * Single keys of a page while it is shown. They do nothing while somebody types, with a modifier held, under an open dialog, or when
 * they are switched off.
 */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const act = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!hasShortcuts() || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  onMount(() => document.addEventListener('keydown', act));
  onCleanup(() => document.removeEventListener('keydown', act));
}
