import { test } from "./stage";

test.describe("What a thing is counts for more than its place", () => {
  test("an option is known by its value, also in a loop without keys", ({ run }) =>
    run(() => {
      const select = (names: string[]) =>
        `<select>${names.map((name, i) => `<option id="o${i}" value="${name}">${name}</option>`).join("")}</select>`;
      stage(`<form>${select(["bob", "carl"])}</form>`);
      find<HTMLSelectElement>("select").value = "carl";
      patch(`<form>${select(["ann", "bob", "carl"])}</form>`);
      equal(find<HTMLSelectElement>("select").value, "carl");
      patch(
        `<form><select><option value=ann>ann<optgroup label=x><option value=carl>carl</optgroup></select></form>`,
      );
      equal(find<HTMLSelectElement>("select").value, "carl");
    }));

  const radios = (names: string[], address: boolean) =>
    `<form>${names
      .map(
        (name, i) =>
          `<label${address ? ` lc="c0.1.${i}"` : ""}><input type=radio name=color id="id_color_${i}" value="${name}"> ${name}</label>`,
      )
      .join("")}</form>`;

  for (const address of [true, false])
    test(`a radio button of a group is known by its value, not by its numbered id${address ? " or its row" : ""}`, ({
      run,
    }) =>
      run(
        ([before, after]) => {
          stage(before!);
          find("[value=carl]").click();
          patch(after!);
          equal(find<HTMLInputElement>(":checked").value, "carl");
          equal(document.querySelectorAll(":checked").length, 1);
          equal(html(), after);
        },
        [radios(["bob", "carl"], address), radios(["ann", "bob", "carl"], address)].map(text =>
          text
            .replaceAll("type=radio name=color", 'type="radio" name="color"')
            .replaceAll(/(<label[^>]*>)<input ([^>]*)>/g, "$1<input $2>"),
        ),
      ));

  test("rows that are patches of their own and have no keys: the chosen box goes with its value", ({ run }) =>
    run(() => {
      const item = (name: string) =>
        `<label><input type="checkbox" live-model="tags" value="${name}">${name}</label>`;
      const names = ["a", "b", "c"];
      stage(
        `<form>${names.map((name, i) => item(name).replace("<label", `<label lc="c0.1.${i}"`)).join("")}</form>`,
      );
      find("[value=c]").click();
      equal(
        applyPatches(
          document,
          ["z", "c", "a"].map((name, i) => [`c0.1.${i}`, item(name)] as const),
        ),
        [],
      );
      const boxes = [...document.querySelectorAll("input")];
      equal(
        boxes.map(box => [box.value, box.checked]),
        [
          ["z", false],
          ["c", true],
          ["a", false],
        ],
      );
    }));

  const row = (key: string, i: number, address = true) =>
    `<li ${address ? `lc="c0.1.${key}" ` : ""}live-key="${key}"><label for="id_form-${i}-title">Title</label><input id="id_form-${i}-title" name="form-${i}-title"><textarea name="form-${i}-text"></textarea><input type="checkbox" name="form-${i}-DELETE" id="id_form-${i}-DELETE"></li>`;
  const formset = (keys: string, address = true) =>
    `<form><ul>${[...keys].map((key, i) => row(key, i, address)).join("\n")}</ul></form>`;

  for (const address of [true, false])
    test(`a formset's rows keep their texts when one goes and when they change places${address ? "" : ", without addresses"}`, ({
      run,
    }) =>
      run(
        steps => {
          stage(steps[0]!);
          for (const key of "abc") {
            const row = `[live-key=${key}]`;
            type(find<HTMLInputElement>(`${row} input`), `title ${key}`, false);
            type(find<HTMLTextAreaElement>(`${row} textarea`), `text ${key}`, false);
          }
          find("[live-key=c] [type=checkbox]").click();
          const inputs = new Map([..."abc"].map(key => [key, find(`[live-key=${key}] input`)]));
          for (const step of steps.slice(1)) {
            patch(step);
            equal(html(), step);
            for (const key of step.match(/live-key="."/g)!.map(found => found.at(-2)!)) {
              const row = `[live-key=${key}]`;
              if (!inputs.has(key)) {
                equal(find<HTMLInputElement>(`${row} input`).value, "");
                continue;
              }
              same(find(`${row} input`), inputs.get(key));
              equal(find<HTMLInputElement>(`${row} input`).value, `title ${key}`);
              equal(find<HTMLTextAreaElement>(`${row} textarea`).value, `text ${key}`);
              equal(find<HTMLInputElement>(`${row} [type=checkbox]`).checked, key === "c");
            }
          }
        },
        ["abc", "bc", "cb", "dcb"].map(keys => formset(keys, address).replaceAll('" >', '">')),
      ));

  test("a row by its own patch takes its new place, and not the text of the row that had it", ({ run }) =>
    run(
      ([before, second, third]) => {
        stage(before!);
        type(find<HTMLInputElement>("[live-key=b] input"), "b's", false);
        type(find<HTMLInputElement>("[live-key=c] input"), "c's", false);
        equal(
          applyPatches(document, [
            ["c0.0", '><ul><template lc-keep="c0.1. b c">\n</template></ul>'],
            ["c0.1.b", second!],
            ["c0.1.c", third!],
          ]),
          [],
        );
        equal(
          [...document.querySelectorAll<HTMLInputElement>("li > input:not([type])")].map(
            ({ name, value }) => [name, value],
          ),
          [
            ["form-0-title", "b's"],
            ["form-1-title", "c's"],
          ],
        );
      },
      [formset("abc"), row("b", 0, false), row("c", 1, false)],
    ));

  test("rows that are components are known by them", ({ run }) =>
    run(() => {
      const row = (id: number, i: number) =>
        `<li lc="c${id}.0"><input name="form-${i}-title" id="id_form-${i}-title"></li>`;
      stage(`<div lc="c0.0"><ul>${row(1, 0)}${row(2, 1)}</ul></div>`);
      type(find<HTMLInputElement>("[name=form-0-title]"), "one", false);
      type(find<HTMLInputElement>("[name=form-1-title]"), "two", false);
      equal(
        applyPatches(document, [
          ["c0.0", '><ul><template lc-keep="c2.0"></template></ul>'],
          ["c2.0", row(2, 0)],
        ]),
        [],
      );
      equal(find<HTMLInputElement>("[name=form-0-title]").value, "two");
    }));

  test("in a list without keys the id tells which field it is", ({ run }) =>
    run(() => {
      const item = (id: number) => `<li><input id="note-${id}"></li>`;
      stage(`<ul><li lc="c0.1.0"><input id="note-1"></li><li lc="c0.1.1"><input id="note-2"></li></ul>`);
      type(find<HTMLInputElement>("#note-2"), "two", false);
      equal(
        applyPatches(document, [
          ["c0.1.0", item(2)],
          ["c0.1.1", item(3)],
        ]),
        [],
      );
      equal([find<HTMLInputElement>("#note-2").value, find<HTMLInputElement>("#note-3").value], ["two", ""]);
    }));

  test("the groups of radio buttons in rows that swap keep their choices", ({ run }) =>
    run(() => {
      const row = (key: string, i: number) =>
        `<li live-key="${key}">${["yes", "no"].map(value => `<input type="radio" name="choice-${i}" value="${value}">`).join("")}</li>`;
      const list = (keys: string) => `<ul>${[...keys].map(row).join("")}</ul>`;
      stage(list("abc"));
      find("[live-key=a] [value=yes]").click();
      find("[live-key=b] [value=no]").click();
      find("[live-key=c] [value=yes]").click();
      for (const keys of ["bac", "cab", "abc", "cba"]) {
        patch(list(keys));
        equal(
          [..."abc"].map(key => find<HTMLInputElement>(`[live-key=${key}] :checked`).value),
          ["yes", "no", "yes"],
        );
      }
    }));
});
