import CUV

/// A datagram that waits to be sent.
struct OutboundDatagram {
    /// What a datagram counts for besides its bytes: its UDP header. So empty ones count, too.
    static let headerByteCount = 8

    let chunk: OutboundChunk
    /// Nil for the peer of a connected socket.
    let address: SocketAddress?
    /// Called once, later: with nil when the system has taken it, with the error otherwise.
    let completion: ((UVError?) -> Void)?

    var byteCount: Int { chunk.bytes.count + Self.headerByteCount }
}

/// The datagrams of a socket that the system has not taken yet: those that wait, and those that
/// have been handed over to libuv.
///
/// libuv gets a batch at a time, which is what it sends with one system call, and the next one when
/// it has done with that. For if the first of a call fails, libuv 1.44 reports the failure for all
/// of the call, though the system has not seen the others: they have to be sent again, before
/// whatever was queued after them.
struct OutboundDatagramQueue {
    /// How one of a batch has ended, as far as anybody wants to know.
    struct Outcome {
        let error: UVError?
        let completion: ((UVError?) -> Void)?
    }

    private var waiting = Fifo<OutboundDatagram>()
    /// How many libuv has.
    private(set) var handedOverCount = 0
    /// The bytes of all of them, headers included.
    private(set) var byteCount = 0
    // Of the present batch.
    private var outcomes: [Outcome] = []
    private var untried: [OutboundDatagram] = []
    private var hasFailure = false

    var count: Int { waiting.count + handedOverCount + untried.count }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ datagram: OutboundDatagram) {
        byteCount += datagram.byteCount
        waiting.append(datagram)
    }

    /// Takes the next one of the batch that is being handed over.
    mutating func handOver() -> OutboundDatagram? {
        guard handedOverCount < DatagramCallbacks.batch, let next = waiting.takeFirst() else {
            return nil
        }
        handedOverCount += 1
        return next
    }

    /// libuv has done with one.
    mutating func ended(_ datagram: OutboundDatagram, _ status: Int32) {
        handedOverCount -= 1
        if status < 0, status != UV_ECANCELED.rawValue {
            guard !hasFailure else { return untried.append(datagram) }
            hasFailure = true
        }
        finish(datagram, status < 0 ? UVError(rawValue: status) : nil)
    }

    private mutating func finish(_ datagram: OutboundDatagram, _ error: UVError?) {
        byteCount -= datagram.byteCount
        datagram.chunk.free()
        if error != nil || datagram.completion != nil {
            outcomes.append(Outcome(error: error, completion: datagram.completion))
        }
    }

    /// Ends the batch: what has not been tried waits again, as the first.
    mutating func endBatch() -> [Outcome] {
        waiting.prepend(contentsOf: untried)
        untried = []
        hasFailure = false
        defer { outcomes = [] }
        return outcomes
    }

    /// Ends all that libuv does not have: they are not sent.
    mutating func dropAll() -> [Outcome] {
        for datagram in untried + waiting.takeAll() { finish(datagram, .canceled) }
        untried = []
        defer { outcomes = [] }
        return outcomes
    }
}
