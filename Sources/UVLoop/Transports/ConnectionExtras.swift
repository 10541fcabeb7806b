/// The part of a transport's state that most connections never need: it is made when they do.
final class ConnectionExtras {
    static let defaultCloseTimeout = Duration.seconds(5)

    // Without the run-time check for overlapping access, as in LoopCore, for the same reasons.

    // Writing.
    /// What waits for the next vectored write.
    @exclusivity(unchecked) var chunks: [OutboundChunk] = []
    /// The bytes of `chunks`.
    @exclusivity(unchecked) var queuedByteCount = 0
    /// Whether libuv has a write of ours.
    @exclusivity(unchecked) var isWriteUnderWay = false
    /// While the protocol is told to resume: what it writes then is gathered into one write.
    @exclusivity(unchecked) var isCorked = false
    @exclusivity(unchecked) var isFlushScheduled = false
    @exclusivity(unchecked) var marks = WaterMarks.standard
    @exclusivity(unchecked) var budget = WriteBudget()
    /// Where the task waits that sends.
    @exclusivity(unchecked) var sender: WaitingRoom?
    /// Where a task waits until the system has taken everything.
    @exclusivity(unchecked) var flushed: WaitingRoom?
    /// While the thread pool is at work on a file.
    var fileSending: FileSending?

    // Ending.
    var closeTimeout = ConnectionExtras.defaultCloseTimeout
    /// Ends the draining.
    var deadline: Timer?
    /// What the protocol will hear in `connectionLost`.
    var error: (any Error)?
    var localAddress: SocketAddress?
    /// For all of a stream's closing.
    var streamCloseTimeout: Duration?
    /// The tasks that wait until a stream is closed.
    var closers: [WaitingRoom] = []
    /// For an output of a child process: called when the protocol has heard `connectionLost`, and
    /// when a stream has ended, or holds reading because nobody takes what comes.
    var whenStill: (() -> Void)?

    // Reading.
    /// What the protocol threw instead of giving a buffer.
    var allocationError: (any Error)?
    /// Begins the watch.
    var pauseTimer: Timer?
    /// Notices the end of the connection while nothing is read.
    var watch: DisconnectWatch?
    /// The reader of a pipe has gone, after it had read everything.
    var hasReaderGone = false

    /// The server, once the protocol is no longer the one that the server made.
    var server: TCPServer?

    deinit {
        dropQueue()
    }

    var hasQueue: Bool { isWriteUnderWay || isCorked || !chunks.isEmpty }

    func append(_ chunk: OutboundChunk) {
        chunks.append(chunk)
        queuedByteCount += chunk.bytes.count
    }

    /// Takes all chunks out, for one vectored write.
    func takeChunks() -> [OutboundChunk] {
        defer {
            chunks = []
            queuedByteCount = 0
        }
        return chunks
    }

    func dropQueue() {
        for chunk in takeChunks() { chunk.free() }
    }
}

/// Between which amounts of queued bytes a protocol is paused and resumed.
struct WaterMarks: Equatable {
    static let standard = WaterMarks(low: 16_384, high: 65_536)

    let low: Int
    let high: Int

    private init(low: Int, high: Int) {
        self.low = low
        self.high = high
    }

    /// Marks of which either or both may be left open: the other follows by the factor 4.
    init(low: Int?, high: Int?) throws(UVError) {
        let high =
            high ?? low.map { $0.multipliedReportingOverflow(by: 4) }
            .map { $0.overflow ? Int.max : $0.partialValue } ?? Self.standard.high
        let low = low ?? high / 4
        guard low >= 0, high >= low else { throw .invalidArgument }
        self.init(low: low, high: high)
    }
}
