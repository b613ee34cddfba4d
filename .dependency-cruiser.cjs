// Which part may know which; `npm run check` runs it.
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'policy-is-pure',
      comment: 'The planner knows only the model and itself.',
      severity: 'error',
      from: { path: '^workflows/policy/' },
      to: { pathNot: '^workflows/(policy/|model\\.ts)' },
    },
    {
      name: 'workflows-know-activities-by-type-only',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'No file that a workflow runs may reach Node.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'octokit-in-one-file',
      severity: 'error',
      from: { path: '^(workflows|activities|workers|scripts)/', pathNot: '^activities/github-octokit\\.ts' },
      to: { path: 'node_modules/(@octokit|bottleneck)/' },
    },
    {
      name: 'commands-in-one-place',
      comment:
        'The product starts programs in run-command.ts; the process that does it for the worker is started by command-runner.ts.',
      severity: 'error',
      from: {
        path: '^(workflows|activities|workers)/',
        pathNot: '^activities/(run-command|command-runner)\\.ts',
      },
      to: { path: '(^|node_modules/)(execa/|child_process)' },
    },
    {
      name: 'product-does-not-know-its-simulators',
      severity: 'error',
      from: { path: '^(workflows|activities|workers)/' },
      to: { path: '^(simulators|tests|bench|scripts)/' },
    },
    {
      name: 'package-is-complete',
      comment: 'nix/package.nix is built without the tests, and without the demo, which may know them.',
      severity: 'error',
      from: { path: '^(scripts|simulators)/', pathNot: '^scripts/demo\\.ts$' },
      to: { path: '^(tests|bench|scripts/demo\\.ts)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
