import { Command } from 'commander';
import { Interrupted } from '../command-line/interrupted.js';
import { openInput } from '../command-line/open-input.js';
import { type AnyRecipe, loadAnyRecipe } from '../recipe/load-recipe.js';
import type { RecipeOverride } from '../recipe/recipe-flags.js';
import { checkSft, renderSftCheck } from '../sft/check-sft.js';
import { checkRun } from './check-run.js';
import { createConsoleReporter } from './console-reporter.js';
import { likelyEngine } from './likely-engine.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import { recipeFlagsHelp } from './recipe-help.js';
import { renderCheck } from './render-check.js';
import type { CliSurroundings } from './surroundings.js';

interface Check {
  /** For machines. */
  figures: unknown;
  /** For people. */
  text: string;
  warnings: readonly string[];
}

/** @throws ConfigError for whatever is wrong with the recipe or what it names: nothing has started yet */
async function check(recipe: AnyRecipe, { environment }: CliSurroundings): Promise<Check> {
  if (recipe.method === 'sft') {
    const figures = await openInput(checkSft({ recipe, engine: likelyEngine(environment) }));
    return { figures, text: renderSftCheck(figures), warnings: [] };
  }
  const figures = await openInput(checkRun({ recipe, engine: likelyEngine(environment) }));
  return { figures, text: renderCheck(figures), warnings: figures.warnings };
}

/** What a run of either method says at its end: figures for machines, text for people. */
async function run(
  recipe: AnyRecipe,
  surroundings: CliSurroundings,
  options: { resume: boolean; json: boolean; warnings: readonly string[] },
) {
  const { errors, environment, signal } = surroundings;
  const reporter = createConsoleReporter({ stream: errors, environment, quiet: options.json, signal });
  try {
    for (const warning of options.warnings) reporter.line(`warning: ${warning}`);
    const shared = { resume: options.resume, signal, reporter };
    if (recipe.method === 'sft') {
      const runSft = surroundings.runSft ?? (await import('../sft/run-sft.js')).runSft;
      const { text, interrupted, ...figures } = await runSft({ recipe, ...shared });
      return { figures, text: `${text}\nrun      ${figures.runDirectory}`, interrupted };
    }
    const runPipeline = surroundings.runPipeline ?? (await import('../pipeline/run-pipeline.js')).runPipeline;
    const { text, interrupted, ...figures } = await runPipeline({ recipe, ...shared });
    const paths = `run      ${figures.runDirectory}\nreport   ${figures.reportPath}`;
    return { figures, text: `${text}\n\n${paths}`, interrupted };
  } finally {
    reporter.close();
  }
}

/** `dgpo train`: a recipe of any method. */
export function trainCommand(surroundings: CliSurroundings, overrides: readonly RecipeOverride[]): Command {
  const { output, workingDirectory } = surroundings;
  return new Command('train')
    .description(
      'Run a recipe: index, demonstrations, cold start, DGPO, evaluation, report; or supervised fine-tuning.',
    )
    .usage('<recipe> [options] [--section.key value …]')
    .argument('<recipe>', 'a YAML file')
    .option('--resume', 'continue the run in outputDir')
    .option('--dry-run', 'check everything, print memory, tokens and time, and stop')
    .addOption(jsonOption())
    .addHelpText('after', recipeFlagsHelp)
    .action(async (path, { resume = false, dryRun, json = false }) => {
      const recipe = await loadAnyRecipe({ path, overrides, workingDirectory });
      // A model on the hub is downloaded by the run, so there is nothing to check before it.
      const checked = recipe.method === 'sft' && !dryRun ? undefined : await check(recipe, surroundings);
      if (dryRun && checked !== undefined) {
        if (json) printJson(output, checked.figures);
        else output.write(checked.text);
        return;
      }
      const result = await run(recipe, surroundings, { resume, json, warnings: checked?.warnings ?? [] });
      if (result.interrupted) throw new Interrupted('add --resume to the same command to continue');
      if (json) printJson(output, result.figures);
      else output.write(`${result.text}\n`);
    });
}

/** `dgpo validate`: the same checks without a run. */
export function validateCommand(surroundings: CliSurroundings, overrides: readonly RecipeOverride[]): Command {
  const { output, workingDirectory } = surroundings;
  return new Command('validate')
    .description('Check a recipe and its files, and print memory, tokens and time.')
    .usage('<recipe> [options] [--section.key value …]')
    .argument('<recipe>', 'a YAML file')
    .addOption(jsonOption())
    .addHelpText('after', recipeFlagsHelp)
    .action(async (path, { json }) => {
      const { figures, text } = await check(await loadAnyRecipe({ path, overrides, workingDirectory }), surroundings);
      if (json) printJson(output, figures);
      else output.write(`${path} is valid\n${text}`);
    });
}
