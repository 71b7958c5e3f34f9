import { defineConfig } from 'vitest/config';
import { project } from './vitest.config.js';

// Real models on @huggingface/transformers against figures of the Python library. What they need is not installed with the rest:
// npm run encoder:transformers and npm run models:minilm. Without it they fail.
const { test, ...rest } = project('tools');

export default defineConfig({
  test: {
    projects: [{ ...rest, test: { ...test, name: 'encoders', include: ['encoder-transformers/real/*.test.mjs'] } }],
  },
});
