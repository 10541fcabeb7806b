import Glibc
import Testing

@testable import UVLoop

/// Messages of 64 to 256 KiB come in one piece once a few have come.
@Suite(.timeLimit(.minutes(1)))
struct ReadSizingTests {
    private func sizing(after counts: [Int]) -> ReadSizing {
        var sizing = ReadSizing()
        for count in counts { sizing.note(count) }
        return sizing
    }

    private let small = ReadSizing.smallSize
    private let large = ReadSizing.largeSize

    @Test func messagesBetweenTheSizes() {
        #expect(!sizing(after: []).isLarge)
        #expect(!sizing(after: [small]).isLarge)
        #expect(sizing(after: [small, 1]).isLarge)
        #expect(sizing(after: [small, small, small, small - 1]).isLarge)
        #expect(sizing(after: [small, 36_864, 102_400, 102_400]).isLarge)
    }

    @Test func smallOnesOnlyMakeItSmallAgain() {
        #expect(sizing(after: [small, 1, 100]).isLarge)
        #expect(!sizing(after: [small, 1, 100, 100]).isLarge)
        #expect(sizing(after: [small, 1, 100, small, 100]).isLarge)
        #expect(sizing(after: [small, 1, 100, 100, small, 1]).isLarge)
        #expect(!sizing(after: [100, 200, 300]).isLarge)
    }

    @Test func whatGoesOnAndOnStaysSmall() {
        let many = [Int](repeating: small, count: 1_000)
        #expect(!sizing(after: many).isLarge)
        #expect(!sizing(after: many + [100]).isLarge)
        // It only seemed to be a message.
        #expect(!sizing(after: [small, 100, large]).isLarge)
        #expect(!sizing(after: [small, 100, large, small, 100]).isLarge)
    }

    @Test func staying() {
        var sizing = sizing(after: [small, 100])
        sizing = .fixed
        #expect(!sizing.isLarge)
        sizing.note(small)
        sizing.note(100)
        #expect(!sizing.isLarge)
    }

    private final class Sizes: PlainProtocol {
        var counts: [Int] = []
        var isLost = false
        func dataReceived(_ data: RawSpan) { counts.append(data.byteCount) }
        func connectionLost(_ error: (any Error)?) { isLost = true }
    }

    /// Each message lies in the socket before the loop reads.
    @Test func aTransportAdapts() async throws {
        try await onThread {
            let loop = try EventLoop()
            let (own, other) = try EventLoop.socketPair()
            let sizes = Sizes()
            try loop.adopt(descriptor: own, sizes)
            var received = 0
            for size in [102_400, 102_400, 102_400, 10, 10, 102_400, 102_400] {
                try writeAll([UInt8](repeating: 1, count: size), to: other)
                received += size
                while sizes.counts.reduce(0, +) < received { try loop.run(.oneTurn) }
            }
            #expect(
                sizes.counts == [
                    65_536, 36_864, 102_400, 102_400, 10, 10, 65_536, 36_864, 102_400,
                ])
            close(other)
            while !sizes.isLost { try loop.run(.oneTurn) }
            try loop.close()
        }
    }

    /// A stream that leaves some of what came is not given more at a time.
    @Test func aStreamThatLeavesSome() async throws {
        try await withStream { loop, stream, peer in
            for _ in 0..<20 {
                let sending = Task {
                    try await offThread { try peer.send([UInt8](repeating: 1, count: 102_400)) }
                }
                var left = 102_400
                while left > 0 { left -= try await stream.receive(upTo: min(left, 10_000))!.count }
                try await sending.value
                #expect((stream.core.readAhead?.buffer.count ?? 0) == 0)
            }
            #expect(!stream.transport.readSizing.isLarge)
            stream.abort()
        }
    }
}
