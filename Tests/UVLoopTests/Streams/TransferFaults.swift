import StreamConformance
import UVLoop

/// Streams that lose bytes, or let two tasks in at once.
extension Fault {
    // MARK: Bytes

    static let dataFaults = [
        Fault(
            "loses the last byte of a long send",
            foundBy: [
                "after sendEOF the other direction still works",
                "what is sent is received, in order",
                "what was sent before a close arrives, and then the end",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            mutant.sending = { try await $0.send($1.prefix(99_999)) }
        },
        Fault(
            "exchanges two bytes",
            foundBy: [
                "a mebibyte each way at once, in random pieces",
                "a send waits until the peer receives",
                "after sendEOF the other direction still works",
                "of two senders one is busy",
                "sendEOF beside a send: busy",
                "what is sent is received, in order",
                "what was sent before a close arrives, and then the end",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                guard var bytes = try await stream.receive(upTo: limit) else { return nil }
                if bytes.count > 999 { bytes.swapAt(500, 501) }
                return bytes
            }
        },
        Fault(
            "ends the stream by an empty send",
            foundBy: [
                "an empty send does not wait for the peer",
                "an empty send means nothing",
                "sending after sendEOF: closed",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                if bytes.isEmpty {
                    try await stream.sendEOF()
                } else {
                    try await stream.send(bytes)
                }
            }
        },
        Fault(
            "sends something for an empty send",
            foundBy: [
                "an empty send does not wait for the peer",
                "an empty send means nothing",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            mutant.sending = { try await $0.send($1.isEmpty ? [0] : $1) }
        },
        Fault(
            "lets an empty send wait for room",
            foundBy: [
                "an empty send does not wait for the peer"
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                if bytes.isEmpty { try await stream.waitForRoom() }
                try await stream.send(bytes)
            }
        },
        Fault(
            "does not check an empty send",
            foundBy: [
                "of two senders one is busy",
                "of two that wait for room one is busy",
                "sending after sendEOF: closed",
                "sending after the own close: closed",
                "sending in a cancelled task is cancelled",
                "sending to a closed peer breaks, and stays broken",
                "sending to an aborted peer breaks, and stays broken",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                if !bytes.isEmpty { try await stream.send(bytes) }
            }
        },
        Fault(
            "receives nothing for a limit of zero",
            foundBy: [
                "receiving less than one byte is refused"
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                try Task.checkCancellation()
                return limit == 0 ? [] : try await stream.receive(upTo: limit)
            }
        },
        Fault(
            "takes a negative limit for none",
            foundBy: [
                "receiving less than one byte is refused"
            ]
        ) { mutant in
            mutant.receiving = { try await $0.receive(upTo: $1 < 0 ? .max : $1) }
        },
        Fault(
            "receives more than asked for",
            foundBy: [
                "no more is received than asked for"
            ]
        ) { mutant in
            mutant.receiving = { try await $0.receive(upTo: $1 > 0 ? max($1, 5) : $1) }
        },
    ]

    // MARK: Two at once

    static let busyFaults = [
        Fault(
            "lets a second receiver wait its turn",
            foundBy: [
                "of two receivers one is busy"
            ]
        ) { mutant in
            mutant.receiving = { stream, limit in
                try await whenNotBusy { try await stream.receive(upTo: limit) }
            }
        },
        Fault(
            "lets a second sender wait its turn",
            foundBy: [
                "of two senders one is busy",
                "of two that wait for room one is busy",
                "sendEOF beside a send: busy",
            ]
        ) { mutant in
            mutant.sending = { stream, bytes in
                try await whenNotBusy { try await stream.send(bytes) }
            }
        },
        Fault(
            "lets a second one wait for room",
            foundBy: [
                "of two senders one is busy",
                "of two that wait for room one is busy",
            ]
        ) { mutant in
            mutant.waiting = { stream in try await whenNotBusy { try await stream.waitForRoom() } }
        },
        Fault(
            "is busy in both directions at once",
            foundBy: [
                "a mebibyte each way at once, in random pieces",
                "a side that waits for bytes can send",
            ]
        ) { mutant in
            let isReceiving = Switch()
            mutant.receiving = { stream, limit in
                isReceiving.isOn = true
                defer { isReceiving.isOn = false }
                return try await stream.receive(upTo: limit)
            }
            mutant.sending = { stream, bytes in
                try Task.checkCancellation()
                if isReceiving.isOn { throw StreamError.busy }
                try await stream.send(bytes)
            }
        },
    ]
}
