/** What a tab keeps from one page to the next, in its session storage. Without one it keeps nothing. */

/** @returns whether the value is kept */
export function keep(key: string, value: unknown): boolean {
  try {
    sessionStorage[key] = JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

/** Takes out what was kept. */
export function take<T>(key: string): T | undefined {
  try {
    const text = sessionStorage[key];
    delete sessionStorage[key];
    return JSON.parse(text);
  } catch {
    return undefined; // There is nothing.
  }
}
