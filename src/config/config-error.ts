/** Everything that is wrong with a configuration, found in one go: whoever fixes it wants the whole list. */

export interface ConfigProblem {
  /** Where, as a path into the configuration: `plugins[2].parameters.threshold`. */
  readonly path: string
  /** What is wrong and, where it can be said, what would be right. */
  readonly message: string
}

export class ConfigError extends Error {
  /** In the order in which they were found; never empty. */
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}
