import { expect, test, vendor } from "./harness";

test("Alpine on the same page: its state and ours live side by side", async ({ app, page }) => {
  app.policy = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"; // Alpine's needs
  app.files.set("/alpine.js", ["text/javascript", await vendor("alpinejs/dist/cdn.js")]);
  const menu = (count: number) => `<div x-data="{ open: false }" :class="open && 'is-open'">
      <button id=toggle @click="open = !open">menu</button><p id=menu x-show="open">menu ${count}</p>
      <template x-if="open"><i id=made>made</i></template><b lc="c0.2">${count}</b></div>`;
  await app.open(
    `<div lc="c0.0" lc-token="t"><div lc="c0.1">${menu(0)}</div><button id=inc live-click=add>+</button></div>`,
    {
      head: '<script src="/alpine.js" defer></script>',
    },
  );
  await page.click("#toggle");
  await expect(page.locator("#menu")).toBeVisible();
  await page.click("#inc");
  await app.message("event");
  app.patch([["c0.1", `>${menu(1)}`]]);
  await expect(page.locator("#menu")).toHaveText("menu 1");
  await expect(page.locator("b")).toHaveText("1");
  await expect(page.locator("#menu")).toBeVisible();
  await expect(page.locator("#made")).toBeVisible();
  await expect(page.locator(".is-open")).toHaveCount(1);
  await page.click("#toggle");
  await expect(page.locator("#menu")).toBeHidden();
  await expect(page.locator("#made")).toHaveCount(0);
});

test("htmx on the same page: its content beside ours, and in a part that we leave alone", async ({
  app,
  page,
}) => {
  app.files.set("/htmx.js", ["text/javascript", await vendor("htmx.org/dist/htmx.js")]);
  app.files.set("/fragment", ["text/html", "<i id=made>made by htmx</i>"]);
  app.policy = "default-src 'self'; style-src 'self' 'unsafe-inline'"; // htmx adds its indicator styles
  const body = (count: number) => `<b id=count>${count}</b>
    <div id=part live-ignore><button id=load hx-get="/fragment" hx-target="#part">load</button></div>`;
  await app.open(
    `<div lc="c0.0" lc-token="t"><div lc="c0.1">${body(0)}</div><button id=inc live-click=add>+</button></div>`,
    {
      head: '<script src="/htmx.js"></script>',
    },
  );
  await page.click("#load");
  await expect(page.locator("#made")).toBeVisible();
  await page.click("#inc");
  await app.message("event");
  app.patch([["c0.1", `>${body(1)}`]]);
  await expect(page.locator("#count")).toHaveText("1");
  await expect(page.locator("#part > #made")).toBeVisible();
});
