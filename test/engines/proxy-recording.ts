/** A command that went through. */
export interface RecordedCommand {
  /** Of its connection. */
  readonly connection: number
  /** In capitals. */
  readonly name: string
  /** All of its words, its name included, byte for byte. */
  readonly words: readonly Buffer[]
  /** As they went over the wire. */
  readonly bytes: number
}

/** What went through a proxy since it began. */
export interface Recording {
  readonly commands: readonly RecordedCommand[]
  /** The replies and messages, byte for byte, as the server sent them. */
  readonly replies: readonly Buffer[]
  /**
   * How often a client had to wait: commands sent while an earlier one of the same connection had no reply yet cost no trip of
   * their own.
   */
  readonly roundTrips: number
  /** From the clients to the server. */
  readonly bytesSent: number
  /** From the server to the clients. */
  readonly bytesReceived: number
  stop(): void
}

/** A recording as the proxy writes it. */
export class RunningRecording implements Recording {
  readonly commands: RecordedCommand[] = []
  readonly replies: Buffer[] = []
  roundTrips = 0
  bytesSent = 0
  bytesReceived = 0
  readonly stop: () => void

  constructor(stop: (recording: RunningRecording) => void) {
    this.stop = () => stop(this)
  }

  command(command: RecordedCommand, startsTrip: boolean): void {
    this.commands.push(command)
    this.bytesSent += command.bytes
    if (startsTrip) this.roundTrips++
  }

  reply(bytes: Buffer): void {
    this.replies.push(bytes)
    this.bytesReceived += bytes.length
  }
}
