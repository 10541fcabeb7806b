import UVLoop

/// One direction of a connection in memory, as a value: each event changes it and says whose wait
/// is over.
///
/// All bytes of a send go into the queue at once. The send is done when no more than the capacity
/// is left in it; without any capacity, when everything has been received. An operation is known by
/// its ticket, also one that has not to wait: its own end is among those that are returned.
struct Pipe {
    typealias Ticket = Int

    enum Outcome: Equatable {
        /// Of a send or a wait for room.
        case done
        case received([UInt8]?)
        case failed(StreamError)
        case cancelled
    }

    /// The end of an operation.
    struct Wakeup: Equatable {
        let ticket: Ticket
        let outcome: Outcome
    }

    private enum Writer: Equatable {
        /// `ended` by `sendEOF`, `closed` by `close` or `abort`.
        case open, ended, closed
        case broken(UVError)
    }

    private enum Reader: Equatable {
        case open, closed
        case broken(UVError)
    }

    private struct Sender {
        enum Goal { case nothing, room, taken }
        let ticket: Ticket
        let goal: Goal
    }

    private struct Receiver {
        let ticket: Ticket
        let limit: Int
    }

    private let capacity: Int
    private var queue = ByteQueue()
    private var writer = Writer.open
    private var reader = Reader.open
    /// Whether the end follows what is in the queue.
    private var isComplete = false
    private var sender: Sender?
    private var receiver: Receiver?

    init(capacity: Int) {
        self.capacity = capacity
    }

    // MARK: Operations

    mutating func send(_ bytes: [UInt8], _ ticket: Ticket) -> [Wakeup] {
        guard sender == nil else { return [Wakeup(ticket: ticket, outcome: .failed(.busy))] }
        if writer == .open { queue.append(bytes) }
        sender = Sender(ticket: ticket, goal: bytes.isEmpty ? .nothing : .taken)
        return wakeups()
    }

    mutating func waitForRoom(_ ticket: Ticket) -> [Wakeup] {
        guard sender == nil else { return [Wakeup(ticket: ticket, outcome: .failed(.busy))] }
        sender = Sender(ticket: ticket, goal: .room)
        return wakeups()
    }

    mutating func receive(upTo limit: Int, _ ticket: Ticket) -> [Wakeup] {
        guard limit > 0 else {
            return [Wakeup(ticket: ticket, outcome: .failed(.invalidArgument))]
        }
        guard receiver == nil else { return [Wakeup(ticket: ticket, outcome: .failed(.busy))] }
        receiver = Receiver(ticket: ticket, limit: limit)
        return wakeups()
    }

    /// The task of the operation was cancelled. An operation that is over already stays so.
    mutating func cancel(_ ticket: Ticket) -> [Wakeup] {
        if let waiting = sender, waiting.ticket == ticket {
            if waiting.goal == .taken {
                queue.truncate(to: capacity)
                writer = .broken(.canceled)
            }
            sender = nil
        } else if receiver?.ticket == ticket {
            receiver = nil
        } else {
            return []
        }
        return [Wakeup(ticket: ticket, outcome: .cancelled)]
    }

    /// A send was to begin in a task that had been cancelled before: it counts as one cut off.
    mutating func cutOff() {
        if writer == .open, sender == nil { writer = .broken(.canceled) }
    }

    // MARK: Ends

    /// The writer's `sendEOF`.
    mutating func end() throws(StreamError) -> [Wakeup] {
        switch writer {
        case .open:
            guard sender == nil else { throw .busy }
            writer = .ended
            isComplete = true
            return wakeups()
        case .ended: return []
        case .closed: throw .closed
        case .broken(let error): throw .broken(error)
        }
    }

    /// What stands in the way of a graceful close: something other than a peer that closed first.
    var obstacle: UVError? {
        if case .broken(let error) = writer, error != .brokenPipe { error } else { nil }
    }

    /// The writer's `close`: what is in the queue can still be received.
    mutating func closeWriting() -> [Wakeup] {
        guard writer != .closed else { return [] }
        writer = .closed
        isComplete = true
        // Without a buffer there is nowhere to leave the rest of a send.
        if capacity == 0 { queue = ByteQueue() }
        return wakeups()
    }

    /// The writer's `abort`.
    mutating func abortWriting() -> [Wakeup] {
        guard writer != .closed else { return [] }
        writer = .closed
        breakReader(.connectionReset)
        return wakeups()
    }

    /// The reader's `close` or `abort`; the writer gets the error.
    mutating func closeReading(_ error: UVError) -> [Wakeup] {
        guard reader != .closed else { return [] }
        reader = .closed
        queue = ByteQueue()
        if writer == .open { writer = .broken(error) }
        return wakeups()
    }

    /// The connection breaks.
    mutating func fail(_ error: UVError) -> [Wakeup] {
        if writer == .open { writer = .broken(error) }
        breakReader(error)
        return wakeups()
    }

    private mutating func breakReader(_ error: UVError) {
        // A reader that has everything, the end included, keeps it.
        guard reader == .open, !(isComplete && queue.isEmpty) else { return }
        reader = .broken(error)
        queue = ByteQueue()
    }

    // MARK: Whose wait is over

    private mutating func wakeups() -> [Wakeup] {
        var wakeups: [Wakeup] = []
        // The receiver first: what it takes makes room.
        if let waiting = receiver, let outcome = outcome(of: waiting) {
            receiver = nil
            wakeups.append(Wakeup(ticket: waiting.ticket, outcome: outcome))
        }
        if let waiting = sender, let outcome = outcome(of: waiting) {
            sender = nil
            wakeups.append(Wakeup(ticket: waiting.ticket, outcome: outcome))
        }
        return wakeups
    }

    private mutating func outcome(of receiver: Receiver) -> Outcome? {
        switch reader {
        case .closed: .failed(.closed)
        case .broken(let error): .failed(.broken(error))
        case .open:
            if !queue.isEmpty {
                .received(queue.take(upTo: receiver.limit))
            } else {
                isComplete ? .received(nil) : nil
            }
        }
    }

    private func outcome(of sender: Sender) -> Outcome? {
        switch writer {
        case .ended, .closed: .failed(.closed)
        case .broken(let error): .failed(.broken(error))
        case .open:
            switch sender.goal {
            case .nothing: .done
            // A receiver that still waits takes bytes even where no buffer does.
            case .room: queue.count < capacity || receiver != nil ? .done : nil
            case .taken: queue.count <= capacity ? .done : nil
            }
        }
    }
}
