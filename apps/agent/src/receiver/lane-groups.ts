import { Bundle } from '../stream/bundle.ts'
import type { Connection } from '../stream/connection.ts'
import { encodeError, encodeLanesOk } from '../stream/frames.ts'
import { LANES_TIMEOUT_MS } from '../stream/lanes.ts'
import { StreamError } from '../stream/protocol.ts'
import type { Lanes } from '../stream/protocol.ts'

interface Group {
  readonly of: number
  readonly lanes: Map<number, Connection>
  readonly timer: NodeJS.Timeout
}

/**
 * Brings together the connections that carry one stream. A group belongs to the peer whose certificate opened it: nobody else
 * can join. What waits here is paused and holds no bytes, for ten seconds at most; there are no more groups than connections.
 */
export class LaneGroups {
  readonly #groups = new Map<string, Group>()
  readonly #complete: (peerAgentId: string, bundle: Bundle) => void

  constructor(complete: (peerAgentId: string, bundle: Bundle) => void) {
    this.#complete = complete
  }

  /** Takes over a paused connection that said LANES. Throws `StreamError` LANES_REFUSED when it cannot be part of its group. */
  join(peerAgentId: string, { bundle, index, of }: Lanes, lane: Connection): void {
    const name = `${bundle} ${peerAgentId}`
    const group = this.#groups.get(name) ?? this.#open(name, of)
    if (group.of !== of || index >= of || group.lanes.has(index)) throw this.#refuse(name, new StreamError('LANES_REFUSED', `Connection ${index} of ${of} does not fit the others of its stream.`))
    group.lanes.set(index, lane)
    lane.once('close', () => {
      if (this.#groups.get(name) === group) this.#refuse(name, new StreamError('CONNECTION_LOST', 'One of the connections of the stream was closed.'))
    })
    if (group.lanes.size < of) return
    this.#forget(name)
    const lanes = [...group.lanes].toSorted(([one], [other]) => one - other).map(([, joined]) => joined)
    for (const joined of lanes) joined.write(encodeLanesOk(of))
    this.#complete(peerAgentId, new Bundle(lanes))
  }

  #open(name: string, of: number): Group {
    const late = () => this.#refuse(name, new StreamError('LANES_INCOMPLETE', `Not all ${of} connections of the stream came within ${LANES_TIMEOUT_MS / 1000} s.`))
    const group: Group = { of, lanes: new Map(), timer: setTimeout(late, LANES_TIMEOUT_MS).unref() }
    this.#groups.set(name, group)
    return group
  }

  #refuse(name: string, why: StreamError): StreamError {
    for (const lane of this.#forget(name)) {
      if (lane.writable) lane.write(encodeError({ code: why.code, message: why.message }))
      lane.destroySoon()
    }
    return why
  }

  #forget(name: string): Connection[] {
    const group = this.#groups.get(name)
    this.#groups.delete(name)
    clearTimeout(group?.timer)
    return [...(group?.lanes.values() ?? [])]
  }
}
