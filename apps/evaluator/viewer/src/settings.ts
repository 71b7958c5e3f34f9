import { lasting } from './navigation.js';

export type Theme = 'system' | 'light' | 'dark';

/** Settings outlast the page where the browser allows it. */
function remembered(name: string): string | null {
  try {
    return window.localStorage.getItem(`dgpo-viewer.${name}`);
  } catch {
    return null;
  }
}

function remember(name: string, value: string): void {
  try {
    window.localStorage.setItem(`dgpo-viewer.${name}`, value);
  } catch {
    // Private windows may refuse: the setting then holds until the page is closed.
  }
}

const storedTheme = remembered('theme');
const [theme, setThemeSignal] = lasting<Theme>(
  storedTheme === 'light' || storedTheme === 'dark' ? storedTheme : 'system',
);
const [hasShortcuts, setShortcutsSignal] = lasting(remembered('shortcuts') !== 'off');
const [showsNumbers, setNumbersSignal] = lasting(remembered('numbers') === 'on');

export { hasShortcuts, showsNumbers, theme };

/** Light, dark, or what the reader's system prefers. */
export function setTheme(next: Theme): void {
  setThemeSignal(next);
  remember('theme', next);
  applyTheme();
}

/** Puts the theme on the page. */
export function applyTheme(): void {
  if (theme() === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme();
}

/** Whether single keys act; somebody who speaks to the machine may want them off. */
export function setShortcuts(on: boolean): void {
  setShortcutsSignal(on);
  remember('shortcuts', on ? 'on' : 'off');
}

/** Whether tokens show their number as well as their colour. */
export function setNumbers(on: boolean): void {
  setNumbersSignal(on);
  remember('numbers', on ? 'on' : 'off');
}
