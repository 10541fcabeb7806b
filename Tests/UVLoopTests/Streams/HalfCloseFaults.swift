import StreamConformance
import UVLoop

/// Streams that end one direction otherwise than they should.
extension Fault {
    static let halfCloseFaults = [
        Fault(
            "refuses a second sendEOF",
            foundBy: [
                "a second sendEOF is fine"
            ]
        ) { mutant in
            let hasEnded = Switch()
            mutant.ending = { stream in
                try await stream.sendEOF()
                if hasEnded.isOn { throw StreamError.closed }
                hasEnded.isOn = true
            }
        },
        Fault(
            "closes both directions by sendEOF",
            foundBy: [
                "after sendEOF the other direction still works",
                "sendEOF after the own close: closed",
                "sendEOF beside a send: busy",
            ]
        ) { mutant in
            mutant.ending = { try await $0.close() }
        },
        Fault(
            "loses what was sent before sendEOF",
            foundBy: [
                "a second sendEOF is fine",
                "after sendEOF the other direction still works",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            mutant.ending = { stream in
                try await stream.sendEOF()
                stream.abort()
            }
        },
        Fault(
            "does nothing for sendEOF",
            foundBy: [
                "a second sendEOF is fine",
                "after sendEOF the other direction still works",
                "sendEOF beside a send: busy",
                "sendEOF wakes a peer that waits for bytes",
                "sending after sendEOF: closed",
                "what was sent before sendEOF arrives, and then the end",
            ]
        ) { mutant in
            mutant.ending = { try await $0.send([UInt8]()) }
        },
        Fault(
            "is broken after its own sendEOF",
            foundBy: [
                "sending after sendEOF: closed"
            ]
        ) { mutant in
            let hasEnded = Switch()
            mutant.ending = { stream in
                try await stream.sendEOF()
                hasEnded.isOn = true
            }
            mutant.sending = { stream, bytes in
                if hasEnded.isOn { throw StreamError.broken(.brokenPipe) }
                try await stream.send(bytes)
            }
        },
        Fault(
            "sends the end beside a send",
            foundBy: [
                "sendEOF beside a send: busy"
            ]
        ) { mutant in
            mutant.ending = { stream in
                do { try await stream.sendEOF() } catch StreamError.busy {}
            }
        },
    ]
}
