import UVLoop

/// What the two directions of a stream have to do with each other.
let bothWaysBehaviours: [Behaviour<TwoWayPair>] = [
    Behaviour(.twoWay, "a mebibyte each way at once, in random pieces") { trial in
        let pair = try await trial.pair()
        let size = 1_048_576
        var transfers: [Started<Void>] = []
        for (number, way) in [pair.forward, pair.backward].enumerated() {
            let bytes = pattern(size, seed: UInt64(number + 1))
            let sending = trial.start("send of random pieces") {
                var source = Sequence64(seed: UInt64(number + 3))
                var sent = 0
                while sent < size {
                    let end = min(size, sent + Int.random(in: 0...30_000, using: &source))
                    try await way.sender.send(bytes[sent..<end])
                    sent = end
                }
            }
            let receiving = trial.start("receive of random pieces") {
                var source = Sequence64(seed: UInt64(number + 5))
                var count = 0
                while count < size {
                    let limit = Int.random(in: 1...50_000, using: &source)
                    let piece = try await trial.receive(upTo: limit, from: way.receiver) ?? []
                    try trial.expectSame(piece, Array(bytes[count...].prefix(max(1, piece.count))))
                    count += piece.count
                }
            }
            transfers += [receiving, sending]
        }
        for transfer in transfers { try await trial.value(of: transfer) }
    },

    Behaviour(.twoWay, "a side that waits for bytes can send") { trial in
        let pair = try await trial.pair()
        let receivers = [
            trial.start("receive of the first") { try await pair.first.receive(upTo: 10) },
            trial.start("receive of the second") { try await pair.second.receive(upTo: 10) },
        ]
        for receiving in receivers { try await trial.expectWait(of: receiving, for: "bytes") }
        try await trial.value(of: "send of the first") { try await pair.first.send([1]) }
        try await trial.value(of: "send of the second") { try await pair.second.send([2]) }
        try trial.expectSame(try await trial.value(of: receivers[0]) ?? [], [2])
        try trial.expectSame(try await trial.value(of: receivers[1]) ?? [], [1])
    },

    Behaviour(.twoWay, "a side whose sending waits can receive", isClogged: true) { trial in
        let pair = try await trial.cloggedPair()
        let sending = trial.start("send that does not fit") { try await pair.first.send([1]) }
        try await trial.expectWait(of: sending, for: "the peer to receive")
        let other = trial.start("send of the second") { try await pair.second.send([2]) }
        _ = trial.startDraining(pair.first)
        try await trial.value(of: other)
        try await trial.expectWait(of: sending, for: "the peer to receive")
    },

    Behaviour(.twoWay, "a close by one side gives the other its end") { trial in
        let pair = try await trial.pair()
        let closing = trial.start("close by one side") { try await pair.first.close() }
        for _ in 0..<2 { try await trial.expectEnd(of: pair.second) }
        try await trial.value(of: "close by the other side") { try await pair.second.close() }
        try await trial.value(of: closing)
        for stream in [pair.first, pair.second] {
            try await trial.expect(.closed, of: "receive after the close") {
                try await stream.receive(upTo: 1)
            }
            try await trial.expectRefusal(.closed, by: stream, "after the close")
        }
    },

    Behaviour(.twoWay, "ending a side wakes both its directions", isClogged: true) { trial in
        for isForced in [false, true] {
            let pair = try await trial.cloggedPair()
            let sending = trial.start("send that does not fit") { try await pair.first.send([1]) }
            try await trial.expectWait(of: sending, for: "the peer to receive")
            let receiving = trial.startDraining(pair.first)
            await trial.settle(receiving)
            let closing = trial.startEnding(pair.forward.sender, isForced)
            try await trial.expect(.closed, of: sending)
            try await trial.expect(.closed, of: receiving)
            pair.second.abort()
            await trial.end(of: closing)
        }
    },
]
