/** What a kind of model server looks like on the wire: the paths it answers. */
import type { Route } from '#/sim/http/route.ts'

export interface Dialect {
  readonly routes: readonly Route[]
}
