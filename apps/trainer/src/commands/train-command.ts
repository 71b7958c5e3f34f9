import { Command } from 'commander';
import { Interrupted } from '../command-line/interrupted.js';
import { loadRecipe } from '../recipe/load-recipe.js';
import type { RecipeOverride } from '../recipe/recipe-flags.js';
import { checkRun } from './check-run.js';
import { createConsoleReporter } from './console-reporter.js';
import { likelyEngine } from './likely-engine.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import { recipeFlagsHelp } from './recipe-help.js';
import { renderCheck } from './render-check.js';
import type { CliSurroundings } from './surroundings.js';

async function check(path: string, overrides: readonly RecipeOverride[], surroundings: CliSurroundings) {
  const { workingDirectory, environment } = surroundings;
  const recipe = await loadRecipe({ path, overrides, workingDirectory });
  return { recipe, checked: await checkRun({ recipe, engine: likelyEngine(environment) }) };
}

/** `dgpo train`: the two phases on a recipe. */
export function trainCommand(surroundings: CliSurroundings, overrides: readonly RecipeOverride[]): Command {
  const { output, errors, environment, signal } = surroundings;
  return new Command('train')
    .description('Run a recipe: index, demonstrations, cold start, DGPO, evaluation, report.')
    .usage('<recipe> [options] [--section.key value …]')
    .argument('<recipe>', 'a YAML file')
    .option('--resume', 'continue the run in outputDir')
    .option('--dry-run', 'check everything, print memory, tokens and time, and stop')
    .addOption(jsonOption())
    .addHelpText('after', recipeFlagsHelp)
    .action(async (path, { resume, dryRun, json }) => {
      const { recipe, checked } = await check(path, overrides, surroundings);
      if (dryRun) {
        if (json) printJson(output, checked);
        else output.write(renderCheck(checked));
        return;
      }
      const reporter = createConsoleReporter({ stream: errors, environment, quiet: json === true });
      for (const warning of checked.warnings) reporter.line(`warning: ${warning}`);
      const run = surroundings.runPipeline ?? (await import('../pipeline/run-pipeline.js')).runPipeline;
      const result = await run({ recipe, resume: resume === true, signal, reporter });
      if (result.interrupted) throw new Interrupted('add --resume to the same command to continue');
      const { text, ...figures } = result;
      if (json) printJson(output, figures);
      else output.write(`${text}\n\nrun      ${result.runDirectory}\nreport   ${result.reportPath}\n`);
    });
}

/** `dgpo validate`: the same checks without a run. */
export function validateCommand(surroundings: CliSurroundings, overrides: readonly RecipeOverride[]): Command {
  const { output } = surroundings;
  return new Command('validate')
    .description('Check a recipe and its files, and print memory, tokens and time.')
    .usage('<recipe> [options] [--section.key value …]')
    .argument('<recipe>', 'a YAML file')
    .addOption(jsonOption())
    .addHelpText('after', recipeFlagsHelp)
    .action(async (path, { json }) => {
      const { checked } = await check(path, overrides, surroundings);
      if (json) printJson(output, checked);
      else output.write(`${path} is valid\n${renderCheck(checked)}`);
    });
}
