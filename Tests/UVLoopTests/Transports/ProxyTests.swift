import Testing

@testable import UVLoop

/// A protocol that dials out from inside its callbacks: client → proxy → echo.
@Suite(.timeLimit(.minutes(1)))
struct ProxyTests {
    /// One side of the proxy; the other side writes what this one reads.
    final class Side: PlainProtocol {
        var transport: Transport?
        var other: Side?
        var target: SocketAddress?

        func connectionMade(_ transport: Transport) {
            self.transport = transport
            guard let target else { return }
            transport.pauseReading()
            let far = Side()
            far.other = self
            transport.loop.connect(to: .address(target), far) { [self] result in
                switch result {
                case .success:
                    other = far
                    transport.resumeReading()
                case .failure: transport.abort()
                }
            }
        }

        func dataReceived(_ data: RawSpan) throws { try other?.transport?.write(data) }
        func pauseWriting() { other?.transport?.pauseReading() }
        func resumeWriting() { other?.transport?.resumeReading() }

        func eofReceived() -> Bool {
            other?.transport?.writeEOF()
            return true
        }

        func connectionLost(_ error: (any Error)?) {
            if error != nil { other?.transport?.abort() }
            transport = nil
            other = nil
        }
    }

    @Test(arguments: Wire.allCases, Wire.allCases)
    func everyByteGoesThereAndBack(_ near: Wire, _ far: Wire) async throws {
        try await onLoop { loop in
            let echo = try loop.listen(onAddresses: far.address) { EchoProtocol() }
            let target = echo.addresses[0]
            let proxy = try loop.listen(onAddresses: near.address) {
                let side = Side()
                side.target = target
                return side
            }
            let address = proxy.addresses[0]
            let all = (0..<8).map { seed in
                Task {
                    try await offThread {
                        let peer = try RawSocket.connect(to: address)
                        var random = SeededGenerator(seed: UInt64(seed))
                        var isRight = true
                        for _ in 0..<20 {
                            let sent = random.bytes(.random(in: 1...100_000, using: &random))
                            try peer.send(sent)
                            isRight = try isRight && peer.receive(exactly: sent.count) == sent
                        }
                        peer.endWriting()
                        isRight = try isRight && peer.receiveToEnd().isEmpty
                        peer.close()
                        return isRight
                    }
                }
            }
            for task in all {
                let isRight = try await task.value
                #expect(isRight)
            }
            proxy.close()
            echo.close()
            try await proxy.waitClosed()
            try await echo.waitClosed()
        }
    }

    @Test func anUnreachableTargetEndsTheClient() async throws {
        try await onLoop { loop in
            let nobody = try RawSocket.bound()
            let target = nobody.localAddress
            let proxy = try loop.listen(onAddresses: .anyPortIPv4) {
                let side = Side()
                side.target = target
                return side
            }
            let peer = try RawSocket.connect(to: proxy.addresses[0])
            let bytes = try await offThread { try peer.receiveToEnd() }
            #expect(bytes == [])
            peer.close()
            nobody.close()
            proxy.close()
            try await proxy.waitClosed()
        }
    }
}
