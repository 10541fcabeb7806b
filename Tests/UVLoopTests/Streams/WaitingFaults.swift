import StreamConformance
import UVLoop

/// Streams whose senders wait otherwise than they should.
extension Fault {
    static let waitingFaults = [
        Fault(
            "keeps whatever is sent", capacity: .max,
            foundBy: [
                "a cancelled wait for room changes nothing",
                "waiting for room waits until the peer receives",
                "a cancelled send ends the sending side",
                "a send waits until the peer receives",
                "a side whose sending waits can receive",
                "an empty send does not wait for the peer",
                "closing the sender wakes its own sending with closed",
                "ending a side wakes both its directions",
                "ending the receiver wakes the sender",
                "of two senders one is busy",
                "of two that wait for room one is busy",
                "sendEOF beside a send: busy",
            ]
        ) { _ in },
        Fault(
            "always has room",
            foundBy: [
                "a cancelled wait for room changes nothing",
                "closing the sender wakes its own sending with closed",
                "ending the receiver wakes the sender",
                "of two that wait for room one is busy",
                "waiting for room waits until the peer receives",
            ]
        ) { mutant in
            mutant.waiting = { stream in
                try Task.checkCancellation()
                try await stream.send([UInt8]())
            }
        },
        Fault(
            "ends the sending side by a cancelled wait",
            foundBy: [
                "a cancelled wait for room changes nothing",
                "waiting for room in a cancelled task changes nothing",
            ]
        ) { mutant in
            mutant.waiting = { stream in
                do {
                    try await stream.waitForRoom()
                } catch let error as CancellationError {
                    stream.fail(.canceled)
                    throw error
                }
            }
        },
        Fault(
            "does not wake a sender when the receiver is gone",
            foundBy: [
                "ending the receiver wakes the sender"
            ],
            perhaps: ["an abort of both sides at once hangs nobody"]
        ) { mutant in
            mutant.sending = { stream, bytes in
                do {
                    try await stream.send([UInt8]())
                    try await stream.send(bytes)
                } catch StreamError.broken {
                    if bytes.count > 100 { try await forEver() }
                    throw StreamError.broken(.brokenPipe)
                }
            }
        },
        Fault(
            "does not wake its own sender when it closes",
            foundBy: [
                "closing the sender wakes its own sending with closed",
                "ending a side wakes both its directions",
                "sending after sendEOF: closed",
            ],
            perhaps: ["an abort of both sides at once hangs nobody"]
        ) { mutant in
            let isClosed = mutant.notingItsEnd()
            mutant.sending = { stream, bytes in
                let wasClosed = isClosed.isOn
                do {
                    try await stream.send(bytes)
                } catch StreamError.closed where !wasClosed {
                    try await forEver()
                }
            }
        },
        Fault(
            "ends a send that its own close interrupts as if it were done",
            foundBy: [
                "closing the sender wakes its own sending with closed",
                "ending a side wakes both its directions",
                "sending after sendEOF: closed",
            ]
        ) { mutant in
            let isClosed = mutant.notingItsEnd()
            mutant.sending = { stream, bytes in
                let wasClosed = isClosed.isOn
                do { try await stream.send(bytes) } catch StreamError.closed where !wasClosed {}
            }
        },
    ]
}
