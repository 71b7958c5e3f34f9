#!/usr/bin/env node
import '../dist/experiment-demo.js';
