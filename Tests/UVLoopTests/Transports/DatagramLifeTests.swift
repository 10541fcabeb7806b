import CUV
import Glibc
import Testing

@testable import UVLoop

/// How datagram transports begin, pause and end.
@Suite(.timeLimit(.minutes(1)))
struct DatagramLifeTests {
    @Test func theEndComesOnceAndLast() async throws {
        try await onLoop { loop in
            for end in [DatagramTransport.close, DatagramTransport.abort] {
                let recorder = DatagramRecorder()
                let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
                let address = transport.localAddress
                #expect(recorder.events == [.connectionMade])
                #expect(!transport.isClosed)
                try transport.send("unheard", to: address)
                end(transport)()
                end(transport)()
                transport.close()
                #expect(transport.isClosed)
                #expect(recorder.events == [.connectionMade])
                #expect(throws: UVError.badFileDescriptor) { try transport.send("", to: address) }
                try await until(loop) { recorder.isLost }
                transport.abort()
                transport.pauseReading()
                transport.resumeReading()
                await turns(loop, for: .milliseconds(2))
                #expect(recorder.events == [.connectionMade, .connectionLost])
                #expect(recorder.lostError == nil)
                #expect(transport.localAddress == address)
                #expect(transport.currentProtocol == nil)
                #expect(transport.droppedDatagramCount == nil)
                #expect(throws: UVError.badFileDescriptor) { try transport.setTTL(1) }
                #expect(throws: UVError.badFileDescriptor) { try transport.send("", to: address) }
            }
        }
    }

    @Test(arguments: DatagramCallback.allCases, [true, false])
    func itMayEndInAnyCallback(_ callback: DatagramCallback, gracefully: Bool) async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            recorder.hooks[callback] = { recorder in
                if gracefully { recorder.transport.close() } else { recorder.transport.abort() }
            }
            let (transport, peer) = try loop.openPaired(recorder)
            try liveAFullLife(transport, peer)
            if callback != .connectionLost {
                try await until(loop) {
                    while peer.receiveIfReady() != nil {}
                    return recorder.count(of: callback) > 0
                }
            }
            transport.close()
            try await until(loop) {
                while peer.receiveIfReady() != nil {}
                return recorder.isLost
            }
            await turns(loop, for: .milliseconds(2))
            #expect(recorder.livedByTheRules)
            #expect(recorder.count(of: callback) == 1)
            peer.close()
        }
    }

    /// Makes every callback come, as far as the transport is still open.
    private func liveAFullLife(_ transport: DatagramTransport, _ peer: RawDatagramSocket) throws {
        guard !transport.isClosed else { return }
        try transport.setWriteBufferLimits(high: 100)
        for number in 0..<3 { try peer.send("\(number)") }
        _ = try transport.sendUntilQueued(5)
        // Too long for the system, which says so when its turn comes.
        try transport.send([UInt8](repeating: 1, count: 300_000))
        for _ in 0..<20 where !transport.isClosed { try transport.send("more") }
        peer.withForgedTruncation(transport)
    }

    @Test func throwingCallbacksAreReportedAndThatIsAll() async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            let recorder = DatagramRecorder()
            for callback in DatagramCallback.allCases {
                recorder.hooks[callback] = { _ in throw Mishap(callback.rawValue) }
            }
            let (transport, peer) = try loop.openPaired(recorder)
            try liveAFullLife(transport, peer)
            let count = 3
            try await until(loop) {
                while peer.receiveIfReady() != nil {}
                return recorder.count(of: .datagramReceived) == count
                    && transport.bufferedDatagramCount == 0
            }
            #expect(!transport.isClosed)
            transport.close()
            try await until(loop) { recorder.isLost }
            #expect(recorder.livedByTheRules)
            #expect(Set(recorder.events) == Set(DatagramCallback.allCases))
            #expect(
                reports.sources
                    == recorder.events.map { CallbackSource.protocolMethod($0.rawValue) })
            peer.close()
        }
    }

    // MARK: Pausing

    @Test func pausingInConnectionMade() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            try transport.send("one", to: transport.localAddress)
            await turns(loop, for: .milliseconds(10))
            #expect(recorder.datagrams == [])
            #expect(transport.isReadingPaused)
            transport.resumeReading()
            transport.resumeReading()
            try await until(loop) { recorder.texts == ["one"] }
        }
    }

    /// libuv would lose what is left of a batch if it were stopped in its midst.
    @Test func pausingAmidABatchLosesNothing() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            recorder.hooks[.datagramReceived] = { recorder in
                if recorder.datagrams.count.isMultiple(of: 7) { recorder.transport.pauseReading() }
            }
            for number in 0..<50 { try transport.send("\(number)", to: transport.localAddress) }
            for pause in 1...7 {
                try await until(loop) { recorder.datagrams.count == pause * 7 }
                await turns(loop, for: .milliseconds(2))
                #expect(recorder.datagrams.count == pause * 7)
                #expect(transport.isReadingPaused)
                transport.resumeReading()
            }
            try await until(loop) { recorder.datagrams.count == 50 }
            #expect(recorder.texts == (0..<50).map { "\($0)" })
        }
    }

    @Test func whatComesWhileTheRestWaitsKeepsItsOrder() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            let address = transport.localAddress
            var sent = 0
            func send(_ count: Int) throws {
                for _ in 0..<count {
                    try transport.send("\(sent)", to: address)
                    sent += 1
                }
            }
            recorder.hooks[.datagramReceived] = { recorder in
                guard recorder.datagrams.count == 3 else { return }
                transport.pauseReading()
                try send(10)
                // Resumed amid the batch: the next one must not overtake.
                transport.resumeReading()
            }
            try send(10)
            try await until(loop) { recorder.datagrams.count == 20 }
            #expect(recorder.texts == (0..<20).map { "\($0)" })
        }
    }

    @Test func whatTheSystemDropsIsCounted() async throws {
        try await onLoop { loop in
            let recorder = DatagramRecorder()
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder)
            try transport.setReceiveBufferSize(4_096)
            #expect(transport.droppedDatagramCount == 0)
            for _ in 0..<200 {
                try transport.send([UInt8](repeating: 0, count: 1_000), to: transport.localAddress)
            }
            let dropped = try #require(transport.droppedDatagramCount)
            #expect(dropped > 0)
            try await until(loop) { recorder.datagrams.count + dropped == 200 }
        }
    }

    // MARK: Ownership

    @Test func theLoopHoldsTheTransportAndThatItsProtocol() async throws {
        try await onLoop { loop in
            var deaths = 0
            let address = try {
                let recorder = DatagramRecorder()
                let canary = Canary { deaths += 1 }
                recorder.hooks[.datagramReceived] = { recorder in
                    _ = canary
                    recorder.transport.close()
                }
                return try loop.openDatagram(boundToAddress: .anyPortIPv4, recorder).localAddress
            }()
            await turns(loop, for: .milliseconds(5))
            #expect(deaths == 0)
            let peer = try RawDatagramSocket()
            try peer.send("end", to: address)
            // The recorder holds its transport strongly: no cycle is left all the same.
            try await until(loop) { deaths == 1 }
            peer.close()
        }
    }

    @Test func anotherProtocolTakesOver() async throws {
        try await onLoop { loop in
            let (first, second) = (DatagramRecorder(), DatagramRecorder())
            first.hooks[.datagramReceived] = { $0.transport.setProtocol(second) }
            let transport = try loop.openDatagram(boundToAddress: .anyPortIPv4, first)
            for number in 0..<3 { try transport.send("\(number)", to: transport.localAddress) }
            try await until(loop) { second.datagrams.count == 2 }
            #expect(first.texts == ["0"])
            #expect(second.texts == ["1", "2"])
            #expect(transport.currentProtocol === second)
            transport.close()
            try await until(loop) { second.isLost }
            #expect(!first.isLost)
            transport.setProtocol(first)
            #expect(transport.currentProtocol == nil)
        }
    }

    @Test func theLoopsEndClosesWhatIsOpen() async throws {
        try await onThread {
            let (open, full) = (DatagramRecorder(), DatagramRecorder())
            let loop = try EventLoop()
            _ = try loop.openDatagram(boundToAddress: .anyPortIPv4, open)
            let (transport, peer) = try loop.openPaired(full)
            _ = try transport.sendUntilQueued(30)
            // Waits for room that does not come.
            transport.close()
            try loop.close()
            #expect(open.events == [.connectionMade, .connectionLost])
            #expect(full.events == [.connectionMade, .connectionLost])
            peer.close()
        }
    }

    @Test func openingOnAClosedLoopFails() async throws {
        try await onThread {
            let loop = try EventLoop()
            try loop.close()
            let error = #expect(throws: EndpointError.self) {
                try loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
            }
            #expect(error?.code == .canceled)
        }
    }

    @Test func openingOffTheThreadStopsTheProgram() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let thread = try EventLoopThread()
            _ = try thread.loop.openDatagram(boundToAddress: .anyPortIPv4, DatagramRecorder())
        }
        #expect(result?.errorText.contains("openDatagram was used off its event loop") == true)
    }

    /// In a process of its own: descriptors are counted.
    @Test func socketsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                func round(_ loop: isolated EventLoop) async throws {
                    let recorders = (0..<4).map { _ in DatagramRecorder() }
                    let first = try loop.openDatagram(boundToAddress: .anyPortIPv4, recorders[0])
                    let second = try loop.openDatagram(
                        connectedToAddress: first.localAddress, recorders[1])
                    let (third, peer) = try loop.openPaired(recorders[2])
                    _ = try third.sendUntilQueued(30)
                    let socket = try RawDatagramSocket()
                    let fourth = try loop.openDatagram(
                        adopting: socket.descriptor, recorders[3])
                    _ = try? loop.openDatagram(
                        boundToAddress: first.localAddress, DatagramRecorder())
                    try second.send("bytes")
                    try await until(loop) { recorders[0].datagrams.count == 1 }
                    for transport in [first, fourth] { transport.close() }
                    for transport in [second, third] { transport.abort() }
                    peer.close()
                    try await until(loop) {
                        recorders.allSatisfy(\.livedByTheRules) && !loop.core.hasUserHandles
                    }
                }
                // What grows once, such as pools and buffers, has grown after this.
                for _ in 0..<300 { try await round(loop) }
                let before = (openDescriptorCount(), residentByteCount())
                for _ in 0..<1_000 { try await round(loop) }
                #expect(openDescriptorCount() <= before.0)
                // A round makes four sockets of more than 500 bytes; the memory grows in large
                // steps.
                let growth = residentByteCount() - before.1
                #expect(growth < 1_000_000, "\(growth) bytes")
            }
        }
    }
}

extension RawDatagramSocket {
    /// Acts libuv, which says that a datagram was cut.
    fileprivate func withForgedTruncation(_ transport: DatagramTransport) {
        transport.localAddress.withSockaddr { sender, _ in
            transport.didReceive(0, nil, from: sender, UV_UDP_PARTIAL.rawValue)
        }
    }
}
