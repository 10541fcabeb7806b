import StreamConformance
import UVLoop

/// Streams that end otherwise than they should.
extension Fault {
    static let endFaults = [
        Fault(
            "loses what was sent before a close",
            foundBy: [
                "a cancelled wait for room changes nothing",
                "a close by one side gives the other its end",
                "a receive in a cancelled task is cancelled",
                "a send waits until the peer receives",
                "of two senders one is busy",
                "of two that wait for room one is busy",
                "sendEOF after the own close: closed",
                "sending after the own close: closed",
                "the end stays the end",
                "waiting for room waits until the peer receives",
                "what was sent before a close arrives, and then the end",
            ]
        ) { mutant in
            mutant.closing = { stream in
                if !Task.isCancelled { stream.abort() }
                try await stream.close()
            }
        },
        Fault(
            "gives the end only once",
            foundBy: [
                "a close by one side gives the other its end",
                "the end stays the end",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            let hasEnded = Switch()
            mutant.receiving = { stream, limit in
                let bytes = try await stream.receive(upTo: limit)
                if bytes == nil {
                    if hasEnded.isOn { throw StreamError.broken(.endOfFile) }
                    hasEnded.isOn = true
                }
                return bytes
            }
        },
        Fault(
            "takes the own close for a fault of the network, receiving",
            foundBy: [
                "a close by one side gives the other its end",
                "a close in a cancelled task still closes the receiver",
                "cancelling a close that waits ends it, and it has closed",
                "closing is idempotent on both sides",
                "closing wakes a blocked receive with closed",
                "ending a side wakes both its directions",
                "receiving after the own close: closed",
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                try await replacing(.closed, by: .broken(.canceled)) {
                    try await stream.receive(upTo: limit)
                }
            }
        },
        Fault(
            "takes the own close for a fault of the network, sending",
            foundBy: [
                "a close by one side gives the other its end",
                "a close in a cancelled task still closes the sender",
                "a close of the sender that is cancelled closes at once",
                "cancelling a close that waits ends it, and it has closed",
                "closing is idempotent on both sides",
                "closing the sender wakes its own sending with closed",
                "ending a side wakes both its directions",
                "sending after sendEOF: closed",
                "sending after the own close: closed",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                try await replacing(.closed, by: .broken(.canceled)) {
                    try await stream.send(bytes)
                }
            }
        },
        Fault(
            "takes the peer's close for its own",
            foundBy: [
                "ending the receiver wakes the sender",
                "sending to a closed peer breaks, and stays broken",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                try await replacing(.broken(.brokenPipe), by: .closed) {
                    try await stream.send(bytes)
                }
            }
        },
        Fault(
            "is broken only once",
            foundBy: [
                "sending to a closed peer breaks, and stays broken",
                "sending to an aborted peer breaks, and stays broken",
            ]
        ) { mutant in
            let isBroken = Switch()
            mutant.sending = { stream, bytes in
                do {
                    try await stream.send(bytes)
                } catch StreamError.broken {
                    if isBroken.isOn { return }
                    isBroken.isOn = true
                    throw StreamError.broken(.brokenPipe)
                }
            }
        },
        Fault(
            "never notices that the peer is gone",
            foundBy: [
                "a cancelled send ends the sending side",
                "a close in a cancelled task still closes the receiver",
                "sending in a cancelled task is cancelled",
                "sending to a closed peer breaks, and stays broken",
                "sending to an aborted peer breaks, and stays broken",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                do { try await stream.send(bytes) } catch StreamError.broken {}
            }
        },
        Fault(
            "gives the end to a receive that its own close wakes",
            foundBy: [
                "closing wakes a blocked receive with closed",
                "ending a side wakes both its directions",
            ]
        ) { mutant in
            let isClosed = mutant.notingItsEnd()
            mutant.receiving = { stream, limit in
                let wasClosed = isClosed.isOn
                do {
                    return try await stream.receive(upTo: limit)
                } catch StreamError.closed where !wasClosed {
                    return nil
                }
            }
        },
        Fault(
            "does not wake a receive when it closes",
            foundBy: [
                "closing wakes a blocked receive with closed",
                "ending a side wakes both its directions",
            ]
        ) { mutant in
            let isClosed = mutant.notingItsEnd()
            mutant.receiving = { stream, limit in
                let wasClosed = isClosed.isOn
                do {
                    return try await stream.receive(upTo: limit)
                } catch StreamError.closed where !wasClosed {
                    try await forEver()
                    return nil
                }
            }
        },
        Fault(
            "refuses to be closed twice",
            foundBy: [
                "closing is idempotent on both sides"
            ]
        ) { mutant in
            let isClosed = Switch()
            mutant.closing = { stream in
                if isClosed.isOn { throw StreamError.closed }
                isClosed.isOn = true
                try await stream.close()
            }
        },
        Fault(
            "hangs when an aborted stream is closed",
            foundBy: [
                "closing after an abort is nothing",
                "closing is idempotent on both sides",
            ]
        ) { mutant in
            let isAborted = Switch()
            mutant.aborting = {
                isAborted.isOn = true; $0.abort()
            }
            mutant.closing = { stream in
                if isAborted.isOn { try await forEver() }
                try await stream.close()
            }
        },
        Fault(
            "closes only the sending side",
            foundBy: [
                "a close by one side gives the other its end",
                "cancelling a close that waits ends it, and it has closed",
                "closing the sender wakes its own sending with closed",
                "closing wakes a blocked receive with closed",
                "ending a side wakes both its directions",
                "ending the receiver wakes the sender",
                "receiving after the own close: closed",
                "sendEOF after the own close: closed",
                "sending to a closed peer breaks, and stays broken",
            ]
        ) { mutant in
            mutant.closing = { stream in
                guard !Task.isCancelled else { return try await stream.close() }
                do { try await stream.sendEOF() } catch is StreamError {}
            }
        },
    ]
}
