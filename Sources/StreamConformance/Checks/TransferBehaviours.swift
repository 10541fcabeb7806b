import UVLoop

/// Bytes go in at one end and come out at the other.
let transferBehaviours: [Behaviour<OneWayPair>] = [
    Behaviour(.oneWay, "what is sent is received, in order") { trial in
        let pair = try await trial.pair()
        for count in [1, 1_000, 100_000] {
            try await trial.transfer(pattern(count), over: pair)
        }
        // Also where the receiver comes first.
        for count in [1, 1_000] {
            let bytes = pattern(count, seed: 2)
            let receiving = trial.start("receive") {
                try await pair.receiver.receive(upTo: count)
            }
            try await trial.expectWait(of: receiving, for: "bytes")
            let sending = trial.start("send") { try await pair.sender.send(bytes) }
            let first = try await trial.value(of: receiving) ?? []
            try trial.expectSame(first, Array(bytes.prefix(first.count)))
            try trial.expect(!first.isEmpty, "at least one byte", but: "none came")
            try await trial.expectBytes(Array(bytes.dropFirst(first.count)), from: pair.receiver)
            try await trial.value(of: sending)
        }
    },

    Behaviour(.oneWay, "an empty send means nothing") { trial in
        let pair = try await trial.pair()
        // At once: nobody receives.
        for _ in 0..<3 {
            try await trial.value(of: "send of no bytes") { try await pair.sender.send([UInt8]()) }
        }
        let receiving = trial.start("receive") { try await pair.receiver.receive(upTo: 10) }
        try await trial.expectWait(of: receiving, for: "bytes")
        try await trial.value(of: "send of no bytes") { try await pair.sender.send("") }
        try await trial.expectWait(of: receiving, for: "bytes")
        try await trial.value(of: "send") { try await pair.sender.send([7]) }
        try trial.expectSame(try await trial.value(of: receiving) ?? [], [7])
        try await trial.transfer("after it", over: pair)
    },

    Behaviour(.oneWay, "any container of bytes can be sent") { trial in
        let pair = try await trial.pair()
        let bytes = pattern(300)
        try await trial.transfer(bytes, over: pair)
        try await trial.transfer(bytes[100..<200], over: pair)
        try await trial.transfer(ContiguousArray(bytes), over: pair)
        let text = "short – and a longer text, beyond what a small string holds"
        try await trial.transfer(text, over: pair)
        try await trial.transfer(text.dropFirst(6), over: pair)
        try await trial.transfer("a static string" as StaticString, over: pair)
        try await trial.transfer(Repeated(byte: 5, count: 50), over: pair)
    },

    Behaviour(.oneWay, "no more is received than asked for") { trial in
        let pair = try await trial.pair()
        let bytes = pattern(100)
        let sending = trial.start("send") { try await pair.sender.send(bytes) }
        try await trial.expectBytes(Array(bytes[..<1]), from: pair.receiver, upTo: 1)
        try await trial.expectBytes(Array(bytes[1..<50]), from: pair.receiver, upTo: 3)
        let rest = try await trial.receive(upTo: .max, from: pair.receiver) ?? []
        try trial.expectSame(rest, Array(bytes[50...].prefix(rest.count)))
        try await trial.expectBytes(Array(bytes.dropFirst(50 + rest.count)), from: pair.receiver)
        try await trial.value(of: sending)
    },

    Behaviour(.oneWay, "waiting for room ends when there is a receiver, and sends nothing") {
        trial in
        let pair = try await trial.pair()
        let receiving = trial.start("receive") { try await pair.receiver.receive(upTo: 10) }
        for _ in 0..<2 {
            try await trial.value(of: "waitForRoom") { try await pair.sender.waitForRoom() }
        }
        try await trial.expectWait(of: receiving, for: "bytes")
        try await trial.value(of: "send") { try await pair.sender.send([7]) }
        try trial.expectSame(try await trial.value(of: receiving) ?? [], [7])
    },
]

/// A container that is none of the library's.
private struct Repeated: ByteContainer {
    let byte: UInt8
    let count: Int

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try [UInt8](repeating: byte, count: count).withUnsafeBytes(body)
    }
}
