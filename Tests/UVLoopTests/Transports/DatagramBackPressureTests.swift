import CUV
import Glibc
import Testing

@testable import UVLoop

/// What datagram transports do when the system has no room. UDP over the loopback interface never
/// runs out of it, so one end of a pair of local sockets stands in.
@Suite(.timeLimit(.minutes(1)))
struct DatagramBackPressureTests {
    /// Receives so many numbered datagrams, and says whether they are in order.
    private func receiveNumbers(
        _ numbers: some Sequence<Int> & Sendable, from peer: RawDatagramSocket
    ) async throws -> Bool {
        try await offThread {
            for number in numbers where try peer.receiveText() != "\(number)" { return false }
            return true
        }
    }

    @Test func whatIsQueuedArrivesInOrder() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            let count = try transport.sendUntilQueued(100)
            let numbers = count - 100..<count
            #expect(transport.bufferedDatagramCount == 100)
            #expect(
                transport.bufferedByteCount == numbers.reduce(0) { $0 + "\($1)".utf8.count + 8 })
            let isInOrder = try await receiveNumbers(0..<count, from: peer)
            #expect(isInOrder)
            try await until(loop) { transport.bufferedDatagramCount == 0 }
            #expect(transport.bufferedByteCount == 0)
            #expect(recorder.errors == [])
            peer.close()
        }
    }

    @Test func theProtocolIsPausedAndResumed() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            #expect(transport.writeBufferLimits == (16_384, 65_536))
            try transport.setWriteBufferLimits(low: 100, high: 1_000)
            #expect(throws: UVError.invalidArgument) {
                try transport.setWriteBufferLimits(low: 2, high: 1)
            }
            let total = 5_000
            var sent = 0
            var most = 0
            func sendOn() throws {
                while sent < total, !transport.isWritingPaused {
                    try transport.send("\(sent)")
                    sent += 1
                    most = max(most, transport.bufferedByteCount)
                }
            }
            recorder.hooks[.resumeWriting] = { _ in
                #expect(transport.bufferedByteCount <= 100)
                try sendOn()
            }
            try sendOn()
            #expect(transport.isWritingPaused)
            #expect(transport.bufferedByteCount > 1_000)
            let isInOrder = try await receiveNumbers(0..<total, from: peer)
            #expect(isInOrder)
            try await until(loop) { sent == total && transport.bufferedDatagramCount == 0 }
            #expect(most <= 1_000 + 12)
            #expect(recorder.alternates)
            #expect(recorder.count(of: .pauseWriting) == recorder.count(of: .resumeWriting))
            #expect(!transport.isWritingPaused)
            peer.close()
        }
    }

    @Test func emptyDatagramsCountToo() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            _ = try transport.sendUntilQueued()
            try transport.setWriteBufferLimits(high: 800)
            for _ in 0..<100 { try transport.send("") }
            #expect(recorder.events.last == .pauseWriting)
            transport.abort()
            peer.close()
        }
    }

    /// libuv reports the failure of one for all that it sends with one system call.
    @Test func oneThatFailsTakesNoOtherAlong() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            let first = try transport.sendUntilQueued(3)
            let tooLong = [UInt8](repeating: 0, count: 300_000)
            for number in 0..<50 {
                if [0, 1, 20, 49].contains(number) { try transport.send(tooLong) }
                try transport.send("\(first + number)")
            }
            let isInOrder = try await receiveNumbers(0..<first + 50, from: peer)
            #expect(isInOrder)
            try await until(loop) { transport.bufferedDatagramCount == 0 }
            #expect(recorder.errors == [UVError](repeating: .messageTooLong, count: 4))
            #expect(!transport.isClosed)
            peer.close()
        }
    }

    @Test func sendAllSendsAllButTheOneThatFails() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            var pieces = (0..<50).map { [UInt8]("\($0)".utf8) }
            pieces.insert([UInt8](repeating: 0, count: 65_508), at: 30)
            try transport.sendAll(pieces, to: transport.localAddress)
            try transport.send("50", to: transport.localAddress)
            try await until(loop) { recorder.datagrams.count == 51 }
            #expect(recorder.texts == (0...50).map { "\($0)" })
            #expect(recorder.errors == [.messageTooLong])
        }
    }

    @Test func closeSendsWhatIsQueued() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            let count = try transport.sendUntilQueued(100)
            try peer.send("too late")
            transport.close()
            #expect(throws: UVError.badFileDescriptor) { try transport.send("later") }
            await turns(loop, for: .milliseconds(5))
            #expect(!recorder.isLost)
            let isInOrder = try await receiveNumbers(0..<count, from: peer)
            #expect(isInOrder)
            try await until(loop) { recorder.isLost }
            #expect(recorder.livedByTheRules)
            #expect(recorder.datagrams == [])
            peer.close()
        }
    }

    @Test func abortDropsWhatIsQueued() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let (transport, peer) = try loop.openPaired(recorder)
            let count = try transport.sendUntilQueued(100)
            transport.close()
            transport.abort()
            try await until(loop) { recorder.isLost }
            #expect(transport.bufferedByteCount == 0)
            let isInOrder = try await receiveNumbers(0..<count - 100, from: peer)
            #expect(isInOrder)
            #expect(peer.receiveIfReady() == nil)
            peer.close()
        }
    }

    /// With both directions ready at once, libuv sends after it has received, closed or not.
    @Test func abortingAsBothDirectionsAreReady() async throws {
        try await onLoop { loop in
            for round in 0..<20 {
                let recorder = DatagramRecorder()
                let (transport, peer) = try loop.openPaired(recorder)
                let count = try transport.sendUntilQueued(1 + round * 3)
                // The loop does not turn meanwhile.
                try peer.send("now")
                for _ in 0..<count - (1 + round * 3) { _ = try peer.receive() }
                recorder.hooks[.datagramReceived] = { $0.transport.abort() }
                try await until(loop) { recorder.isLost }
                #expect(recorder.livedByTheRules)
                await turns(loop, for: .zero)
                peer.close()
            }
        }
    }
}
