#!/usr/bin/env node
import '../dist/experiment-sisters.js';
