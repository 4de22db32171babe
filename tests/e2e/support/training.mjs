// The part `train` of the page.

const hook = (name) => `[data-testid="${name}"]`;

/** What the part `train` shows and takes. `workbench` is a WorkbenchPage. */
export class TrainingPart {
  constructor(workbench) {
    this.workbench = workbench;
    this.page = workbench.page;
  }

  static async open(workbench) {
    await workbench.openPart("train");
    const part = new TrainingPart(workbench);
    await part.page.waitForSelector(`${hook("train")}:not([disabled])`);
    return part;
  }

  /** Waits until the memory is told, and gives it in bytes. */
  async memory(design) {
    const element = await this.page.waitForSelector(`${hook(`train-${design}`)}[data-memory-bytes]`);
    return element.evaluate(({ dataset }) => Number(dataset.memoryBytes));
  }

  async waitForState(design, state) {
    await this.page.waitForSelector(`${hook(`train-${design}`)}[data-state="${state}"]`, { timeout: 50_000 });
  }

  /** Waits until a design has learned for so many epochs. */
  async waitForEpochs(design, epochs) {
    await this.page.waitForSelector(`${hook(`train-${design}`)}[data-epoch="${epochs}"]`, { timeout: 50_000 });
  }

  /** Types into the fields of these names. */
  async fill(fields) {
    for (const [name, text] of Object.entries(fields)) {
      const input = await this.page.waitForSelector(`.train input[name="${name}"]`, { visible: true });
      await input.focus();
      await input.evaluate((element) => element.select());
      await this.page.keyboard.type(text);
    }
  }

  async choose(name, value) {
    await this.page.waitForSelector(hook(name));
    await this.page.select(hook(name), value);
  }

  async click(name) {
    await this.page.waitForSelector(`${hook(name)}:not([disabled])`);
    await this.page.click(hook(name));
  }

  /** What came of each design when all is done. */
  async done(designs) {
    const all = [];
    for (const design of designs) {
      await this.waitForState(design, "done");
      all.push(await this.page.$eval(hook(`train-${design}`), (element) => ({
        state: element.dataset.state,
        epoch: Number(element.dataset.epoch),
        trainLoss: Number(element.dataset.trainLoss),
        testAccuracy: Number(element.dataset.testAccuracy),
        losses: JSON.parse(element.dataset.losses ?? "[]"),
        confusion: [...element.querySelectorAll(".confusion td")].reduce((sum, { innerText }) => sum + Number(innerText), 0),
      })));
    }
    return all;
  }

  async typeOwn(text) {
    const field = await this.page.waitForSelector(hook("own-text"));
    await field.evaluate((element, value) => {
      element.value = value;
      element.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
  }

  /** The words of a hook within the part once they match. */
  async words(name, pattern) {
    const found = await this.page.waitForFunction(
      (selector, source) => {
        const words = document.querySelector(selector)?.innerText;
        return words && new RegExp(source).test(words) ? words : undefined;
      },
      {}, `.train ${hook(name)}`, pattern.source,
    );
    return found.jsonValue();
  }
}
