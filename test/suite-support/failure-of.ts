/** The error of a request that must fail, and with an error of this class. Any other error is thrown on. */
export async function failureOf<T extends Error>(type: abstract new (...args: never[]) => T, request: PromiseLike<unknown>): Promise<T> {
  try {
    await request
  } catch (error) {
    if (error instanceof type) return error
    throw error
  }
  throw new Error(`no ${type.name}: the request succeeded`)
}
