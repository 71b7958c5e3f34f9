#!/usr/bin/env node
import '../dist/build-demo-models.js';
