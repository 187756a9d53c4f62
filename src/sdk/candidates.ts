/** The endpoints that a scheduling profile still considers: compact, in scratch memory that outlives no request. */

export interface Candidates {
  /** `slots[0..count)` are the candidates, in ascending order of slot unless a filter says otherwise. */
  readonly slots: Uint16Array
  count: number
}
