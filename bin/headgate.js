#!/usr/bin/env node
// Runs the compiled command line, after one clear sentence to a Node that is too old to load it.
var version = process.versions.node.split('.').map(Number)
if (version[0] < 24 || (version[0] === 24 && version[1] < 14)) {
  console.error('headgate needs Node 24.14 or newer, and this is Node ' + process.versions.node + '.')
  process.exitCode = 1
} else {
  import('../dist/main.js').catch(function (error) {
    console.error(error)
    process.exitCode = 1
  })
}
