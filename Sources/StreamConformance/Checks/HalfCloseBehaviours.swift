import UVLoop

/// One direction ends, the other one goes on.
let halfCloseBehaviours: [Behaviour<TwoWayPair>] = [
    Behaviour(.halfCloseable, "what was sent before sendEOF arrives, and then the end") { trial in
        for count in [0, 1, 200_000] {
            let pair = try await trial.pair()
            let bytes = pattern(count)
            let sending = trial.start("send and sendEOF") {
                try await pair.first.send(bytes)
                try await pair.first.sendEOF()
            }
            await trial.settle(sending)
            try trial.expectSame(try await trial.receiveToEnd(from: pair.second), bytes)
            try await trial.value(of: sending)
            try await trial.expectEnd(of: pair.second)
        }
    },

    Behaviour(.halfCloseable, "sending after sendEOF: closed") { trial in
        let pair = try await trial.pair()
        try await trial.value(of: "sendEOF") { try await pair.first.sendEOF() }
        try await trial.expectRefusals(.closed, by: pair.first, "after sendEOF")
        try await trial.expectEnd(of: pair.second)
        try await trial.expectRefusals(.closed, by: pair.first, "after sendEOF")
    },

    Behaviour(.halfCloseable, "a second sendEOF is fine") { trial in
        let pair = try await trial.pair()
        for _ in 0..<3 {
            try await trial.value(of: "sendEOF") { try await pair.first.sendEOF() }
        }
        try await trial.expectEnd(of: pair.second)
        try await trial.value(of: "sendEOF once more") { try await pair.first.sendEOF() }
    },

    Behaviour(.halfCloseable, "after sendEOF the other direction still works") { trial in
        let pair = try await trial.pair()
        try await trial.value(of: "sendEOF") { try await pair.first.sendEOF() }
        let answer = pattern(100_000)
        for _ in 0..<2 {
            let sending = trial.start("send against the end") { try await pair.second.send(answer) }
            try await trial.expectBytes(answer, from: pair.first)
            try await trial.value(of: sending)
        }
        // Also once the end has been seen.
        try await trial.expectEnd(of: pair.second)
        let sending = trial.start("send after the end") {
            try await pair.second.send(answer)
            try await pair.second.sendEOF()
        }
        try trial.expectSame(try await trial.receiveToEnd(from: pair.first), answer)
        try await trial.value(of: sending)
        let closings = [
            trial.start("close of the first") { try await pair.first.close() },
            trial.start("close of the second") { try await pair.second.close() },
        ]
        for closing in closings { try await trial.value(of: closing) }
    },

    Behaviour(.halfCloseable, "sendEOF wakes a peer that waits for bytes") { trial in
        let pair = try await trial.pair()
        let receiving = trial.start("receive of the peer") {
            try await pair.second.receive(upTo: 10)
        }
        try await trial.expectWait(of: receiving, for: "bytes")
        try await trial.value(of: "sendEOF") { try await pair.first.sendEOF() }
        let bytes = try await trial.value(of: receiving)
        try trial.expect(bytes == nil, "the end", but: "\(bytes?.count ?? 0) bytes came")
    },

    Behaviour(.halfCloseable, "sendEOF after the own close: closed") { trial in
        for isForced in [false, true] {
            let pair = try await trial.pair()
            let closing = trial.startEnding(pair.forward.sender, isForced)
            if !isForced { try await trial.expectEnd(of: pair.second) }
            await trial.close(pair.second)
            await trial.end(of: closing)
            try await trial.expect(.closed, of: "sendEOF after the own close") {
                try await pair.first.sendEOF()
            }
        }
    },

    Behaviour(.halfCloseable, "sendEOF in a cancelled task is cancelled") { trial in
        let pair = try await trial.pair()
        for _ in 0..<2 {
            let ending = trial.startCancelled("sendEOF in a cancelled task") {
                try await pair.first.sendEOF()
            }
            try await trial.expect(.cancelled, of: ending)
            // Also where it would fail.
            pair.first.abort()
        }
    },

    Behaviour(.halfCloseable, "sendEOF beside a send: busy", isClogged: true) { trial in
        let pair = try await trial.cloggedPair()
        let bytes = pattern(5_000)
        let sending = try await trial.oneOfTwoIsBusy("send that does not fit") {
            try await pair.first.send(bytes)
        }
        try await trial.expect(.busy, of: "sendEOF beside a send") {
            try await pair.first.sendEOF()
        }
        let draining = trial.startDraining(pair.second)
        try await trial.value(of: sending)
        try await trial.value(of: "sendEOF after the send") { try await pair.first.sendEOF() }
        let received = try await trial.value(of: draining)
        try trial.expectSame(received.suffix(bytes.count), bytes)
    },
]
