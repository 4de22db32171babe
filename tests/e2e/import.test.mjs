// Pasting PyTorch: what is read, what is said, and what opens.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { story } from "./support/story.mjs";

const STANDARD = 0;
const SEPARABLE = 1;

/** The seed's question as a forum gives it: two classes in prose, without indentation. */
const QUESTION = readFileSync(new URL("../fixtures/seed_question.txt", import.meta.url), "utf8");

const WRONG_LINEAR = `class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(100, 10)

    def forward(self, x):
        x = F.relu(self.conv(x))
        return self.fc(torch.flatten(x, 1))

Net()(torch.randn(1, 1, 28, 28))
`;
// 26 x 26 x 4 features: 2704 * 10 + 10, and the convolution's 40.
const MENDED = { params: 27090 };

const block = (name, width) => `class ${name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, ${width})
    def forward(self, x):
        return self.fc(x)
`;
const THREE = [block("Small", 1), block("Medium", 10), block("Large", 100)].join("\n");

story("the forum's question opens as its two networks", {}, async (page) => {
  await page.paste(QUESTION);
  const { designs, inputs } = await page.pasted();
  assert.match(designs, /11,831/);
  assert.match(designs, /11,404/);
  assert.ok(inputs.includes("1x1x150") && inputs.length === 128, "every input that gives 304 features can be chosen");
  await page.openPasted();
  await page.waitForTotals(STANDARD, { params: 11831 });
  await page.waitForTotals(SEPARABLE, { params: 11404 });
  assert.equal(await page.inputShape(), "1x1x150");
  // Both are what was pasted: neither follows the other.
  assert.deepEqual([await page.isTwin(STANDARD), await page.isTwin(SEPARABLE)], [false, false]);
});

story("another input that fits can be chosen", {}, async (page) => {
  await page.paste(QUESTION);
  await page.pasted();
  await page.choosePastedInput("1x150x8");
  await page.pasted();
  await page.openPasted();
  await page.waitForTotals(STANDARD, { params: 11831 });
  assert.equal(await page.inputShape(), "1x150x8");
});

story("a mistake is told with its line, and mended by one click", {}, async (page) => {
  await page.paste(WRONG_LINEAR);
  const { problems } = await page.pasted();
  const [{ line, kind, text }] = problems;
  assert.deepEqual({ line, kind }, { line: "9", kind: "linear_in_features" });
  assert.match(text, /mat1 and mat2 shapes cannot be multiplied \(1x2704 and 100x10\)/);
  await page.mend("Change in_features to 2704");
  assert.deepEqual((await page.pasted()).problems, []);
  assert.match(await page.pastedText(), /nn\.Linear\(2704, 10\)/);
  await page.openPasted();
  await page.waitForTotals(STANDARD, MENDED);
});

story("a text that keeps reading busy can be taken away", {}, async (page) => {
  const before = await page.contents();
  await page.paste(`class Net(nn.Module):\n    def forward(self, x):\n        while True:\n            x = x + 1\n${"# more\n".repeat(90_000)}`);
  await page.cancelPaste();
  assert.deepEqual(await page.contents(), before);
  // The next text is read as if nothing had been.
  await page.paste(QUESTION);
  assert.match((await page.pasted()).designs, /11,831/);
});

story("of several classes, two are chosen", {}, async (page) => {
  await page.paste(THREE);
  await page.pasted();
  await page.choosePasted(0, 2);
  await page.choosePasted(1, 0);
  await page.openPasted();
  await page.waitForTotals(0, { params: 900 });
  await page.waitForTotals(1, { params: 9 });
});

story("prose alone says that there is nothing to open", {}, async (page) => {
  await page.paste("Hi all, why is my network so large?");
  const { designs, problems } = await page.pasted();
  assert.match(designs, /No network was found/);
  assert.equal(problems.length, 1);
  assert.ok(await page.page.$eval('[data-testid="import-apply"]', (button) => button.disabled));
});

story("what was pasted and not opened is there again after a reload", {}, async (page) => {
  await page.paste(WRONG_LINEAR);
  await page.pasted();
  await page.reload();
  await page.page.click('[data-testid="import-open"]');
  await page.pasted();
  assert.equal(await page.pastedText(), WRONG_LINEAR);
  await page.openPasted();
});
