import StreamConformance
import UVLoop

/// Streams that do not know what cancellation is.
extension Fault {
    static let cancellationFaults = [
        Fault(
            "does not close in a cancelled task",
            foundBy: [
                "a close in a cancelled task still closes the receiver",
                "a close in a cancelled task still closes the sender",
            ]
        ) { mutant in
            mutant.closing = { stream in
                try Task.checkCancellation()
                try await stream.close()
            }
        },
        Fault(
            "says nothing of a cancelled close",
            foundBy: [
                "a close in a cancelled task still closes the receiver",
                "a close in a cancelled task still closes the sender",
            ]
        ) { mutant in
            mutant.closing = { stream in
                do { try await stream.close() } catch is CancellationError {}
            }
        },
        Fault(
            "loses what comes to a cancelled receive",
            foundBy: [
                "a cancelled receive loses nothing",
                "a receive that is cancelled as bytes come loses nothing",
                "of two receivers one is busy",
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                try Task.checkCancellation()
                guard limit > 0 else { throw StreamError.invalidArgument }
                return try await abandoningWhenCancelled {
                    try await whenNotBusy { try await stream.receive(upTo: limit) }
                }
            }
        },
        Fault(
            "cannot be used after a cancelled receive",
            foundBy: [
                "a cancelled receive loses nothing",
                "a receive in a cancelled task is cancelled",
                "a receive that is cancelled as bytes come loses nothing",
                "of two receivers one is busy",
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                do {
                    return try await stream.receive(upTo: limit)
                } catch let error as CancellationError {
                    stream.fail(.canceled)
                    throw error
                }
            }
        },
        Fault(
            "looks at the limit before the cancellation",
            foundBy: [
                "a receive in a cancelled task is cancelled"
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                guard limit > 0 else { throw StreamError.invalidArgument }
                return try await stream.receive(upTo: limit)
            }
        },
        Fault(
            "gives bytes that are there to a cancelled task",
            foundBy: [
                "a receive in a cancelled task is cancelled"
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                guard limit > 0, Task.isCancelled else {
                    return try await stream.receive(upTo: limit)
                }
                let receiving = Task { try await stream.receive(upTo: limit) }
                for _ in 0..<50 { await Task.yield() }
                receiving.cancel()
                do {
                    return try await receiving.value
                } catch StreamError.busy {
                    throw CancellationError()
                }
            }
        },
        Fault(
            "looks at its state before the cancellation, sending",
            foundBy: [
                "sending in a cancelled task is cancelled"
            ]
        ) { mutant in
            let isClosed = mutant.notingItsEnd()
            mutant.sending = { stream, bytes in
                if isClosed.isOn { throw StreamError.closed }
                try await stream.send(bytes)
            }
        },
        Fault(
            "sends nothing even in a cancelled task",
            foundBy: [
                "sending in a cancelled task is cancelled"
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                guard bytes.isEmpty else { return try await stream.send(bytes) }
                try await Task { try await stream.send(bytes) }.value
            }
        },
        Fault(
            "sends on after a cancelled send",
            foundBy: [
                "a cancelled send ends the sending side"
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                try Task.checkCancellation()
                try await abandoningWhenCancelled { try await stream.send(bytes) }
            }
        },
    ]
}
