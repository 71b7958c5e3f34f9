#!/usr/bin/env node
import '../dist/experiment-methods.js';
