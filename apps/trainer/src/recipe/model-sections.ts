import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';
import { loraSchema } from './lora-schema.js';
import { gradientCheckpointing } from './pass-fields.js';

/** A decoder that is not trained yet; names as in a Hugging Face `config.json`. */
const freshModelSchema = (defaults: { hiddenSize: number; numHiddenLayers: number; numAttentionHeads: number }) =>
  z
    .strictObject({
      vocabSize: count(512)
        .default(4096)
        .describe('Pieces of the compact vocabulary; rarer text is spelled with smaller pieces and bytes.'),
      hiddenSize: count(8).default(defaults.hiddenSize).describe('Width of the residual stream.'),
      intermediateSize: count(8).optional().describe('Width of the gated MLP; without one, 8/3 of hiddenSize.'),
      numHiddenLayers: count().default(defaults.numHiddenLayers).describe('Decoder blocks.'),
      numAttentionHeads: count().default(defaults.numAttentionHeads).describe('Query heads.'),
      numKeyValueHeads: count().optional().describe('Key and value heads; without one, as many as query heads.'),
      maxPositionEmbeddings: count(32).default(4096).describe('Longest sequence in tokens.'),
      ropeTheta: z.number().positive().default(10000).describe('Base of the rotary position frequencies.'),
      tieWordEmbeddings: z.boolean().default(true).describe('Use the embedding matrix as output projection too.'),
    })
    .superRefine((model, context) => {
      if (model.hiddenSize % (2 * model.numAttentionHeads) !== 0) {
        context.addIssue({
          code: 'custom',
          path: ['hiddenSize'],
          message: `must be a multiple of twice numAttentionHeads (${2 * model.numAttentionHeads}), got ${model.hiddenSize}`,
        });
      }
      if (model.numKeyValueHeads !== undefined && model.numAttentionHeads % model.numKeyValueHeads !== 0) {
        context.addIssue({
          code: 'custom',
          path: ['numKeyValueHeads'],
          message: `must divide numAttentionHeads (${model.numAttentionHeads}), got ${model.numKeyValueHeads}`,
        });
      }
    });

export const studentSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder of a pretrained model in Hugging Face layout, or `demo/student`, `demo/code-student`, `demo/household` or `demo/webshop`, which come with the package.',
      ),
    fresh: freshModelSchema({ hiddenSize: 96, numHiddenLayers: 3, numAttentionHeads: 4 })
      .optional()
      .describe('A new model of this size, used when `path` is absent.'),
    lora: loraSchema
      .optional()
      .describe('Train low-rank adapters of student and critic on one frozen copy of the weights.'),
  })
  .superRefine((student, context) => {
    if ((student.path === undefined) === (student.fresh === undefined)) {
      context.addIssue({ code: 'custom', path: [], message: 'give either path or fresh' });
    }
  });

export const teacherSchema = z
  .strictObject({
    kind: z
      .enum(['scripted', 'model', 'server', 'hinted'])
      .default('scripted')
      .describe(
        'Where the demonstrations come from: an expert scripted from golden answers and supporting passages, a model that acts, or a model behind a server. ' +
          '`hinted` is the base with hints from its failures, which guides a student without them after a stage with `demonstrator: hinted`.',
      ),
    path: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder of the teacher model, with `kind: model`, or `demo/teacher` or `demo/code-teacher`; it must share the tokenizer of the student.',
      ),
    url: z
      .url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:8000' })
      .optional()
      .describe('Server of the teacher, with `kind: server`.'),
    api: z
      .enum(['vllm', 'openai', 'sglang', 'chat'])
      .default('vllm')
      .describe(
        'What that server speaks: `prompt_logprobs` (vLLM, `dgpo serve`), `echo` with `logprobs`, or `/generate` (SGLang); ' +
          'with `chat` chat completions, which any server has: text alone, so only for stages with `objective: sft`.',
      ),
    continueFinalMessage: z
      .boolean()
      .default(false)
      .describe(
        'With `api: chat`: the server goes on with a message of the assistant that has begun (vLLM, SGLang), which `firstThoughtPrefix` needs.',
      ),
    name: z.string().min(1).optional().describe('The teacher as its server names it.'),
    tokenizer: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Folder with the teacher’s tokenizer, compared id by id with the student’s; without it the server is only probed.',
      ),
    topK: count(0)
      .max(1000)
      .default(0)
      .describe('Most likely tokens that the server gives at each place; vLLM allows 20 unless told otherwise.'),
    apiKeyVariable: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of an environment variable, not the key' })
      .optional()
      .describe('Name of the environment variable that holds the key of the server.'),
    fresh: freshModelSchema({ hiddenSize: 128, numHiddenLayers: 4, numAttentionHeads: 4 })
      .prefault({})
      .describe(
        'With `kind: scripted`, the size of the model that is taught on the scripted episodes and guides the student.',
      ),
    training: z
      .strictObject({
        numTrainEpochs: count().default(10).describe('Passes over the scripted episodes.'),
        batchSize: count().default(32).describe('Episodes per optimiser step.'),
        microBatchSize: count()
          .default(8)
          .describe('Episodes per forward and backward pass; it does not change the result.'),
        learningRate: z
          .number()
          .positive()
          .default(1e-3)
          .describe('Peak learning rate of AdamW, decayed to 0 by a cosine.'),
        warmupSteps: count(0).default(20).describe('Steps of linear warm-up.'),
        gradientCheckpointing: gradientCheckpointing(),
      })
      .prefault({})
      .describe('With `kind: scripted`, how that model is taught.'),
    lora: loraSchema
      .optional()
      .describe(
        'With `kind: scripted`, teach low-rank adapters on the weights of the student in place of a model of its own.',
      ),
  })
  .superRefine((teacher, context) => {
    if (teacher.kind === 'model' && teacher.path === undefined) {
      context.addIssue({ code: 'custom', path: ['path'], message: 'is required with kind: model' });
    }
    if (teacher.kind !== 'server') return;
    for (const key of ['url', 'name'] as const) {
      if (teacher[key] === undefined) {
        context.addIssue({ code: 'custom', path: [key], message: 'is required with kind: server' });
      }
    }
  });

export const pretrainSchema = z.strictObject({
  maxSteps: count().default(900).describe('Optimiser steps.'),
  batchSize: count().default(32).describe('Sequences per step.'),
  maxLength: count(8).default(200).describe('Tokens per sequence.'),
  learningRate: z.number().positive().default(3e-3).describe('Peak learning rate of AdamW.'),
  warmupSteps: count(0).default(50).describe('Steps of linear warm-up.'),
  readingExercises: z
    .boolean()
    .default(true)
    .describe('Mix in passages followed by questions and answers about them, without any tag of the action protocol.'),
  contextWeight: nonNegative()
    .max(1)
    .default(0.15)
    .describe('Loss weight of tokens that are not answers; answer tokens weigh 1.'),
});
