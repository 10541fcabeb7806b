import CUV

/// An attempt to connect: looks the name up, then tries one address after the other until one
/// answers. Belongs to the loop's thread.
public final class ConnectAttempt {
    typealias Completion = (Result<Transport, EndpointError>) throws -> Void

    private let loop: EventLoop
    private let endpoint: Endpoint
    private let localAddress: SocketAddress?
    private let reference: ProtocolReference
    private let place: SourcePlace
    private var completion: Completion?

    private var untried: [SocketAddress] = []
    private var failures: [EndpointError] = []
    private var lookup: NameLookup?
    private var transport: Transport?
    private var deadline: Timer?

    /// Begins. `completion` is called once, later, unless the attempt is cancelled before.
    init(
        _ loop: EventLoop, to endpoint: Endpoint, from localAddress: SocketAddress?,
        timeout: Duration?, _ reference: ProtocolReference, madeAt place: SourcePlace,
        _ completion: @escaping Completion
    ) {
        loop.preconditionOnThread("connect")
        self.loop = loop
        self.endpoint = endpoint
        self.localAddress = localAddress
        self.reference = reference
        self.place = place
        self.completion = completion
        if let timeout {
            deadline = loop.callLater(timeout) { self.stop(with: .timedOut) }
        }
        // Later, because nobody expects to be called back before the call returns.
        loop.callSoon { self.begin() }
    }

    private func begin() {
        guard completion != nil else { return }
        do throws(EndpointError) {
            switch try endpoint.target(anyHost: Endpoint.thisMachine) {
            case .addresses(let addresses): tryAddresses(addresses)
            case .name(let name, let port): try lookUp(name, port)
            }
        } catch {
            finish(.failure(error))
        }
    }

    private func lookUp(_ name: String, _ port: Int) throws(EndpointError) {
        do throws(UVError) {
            lookup = try NameLookup.start(loop, name, port: port) { result in
                self.lookup = nil
                switch result {
                case .success(let addresses): self.tryAddresses(addresses)
                case .failure(let error):
                    self.finish(.failure(EndpointError(.resolve, "\(self.endpoint)", error)))
                }
            }
        } catch {
            throw EndpointError(.resolve, "\(endpoint)", error)
        }
    }

    private func tryAddresses(_ addresses: [SocketAddress]) {
        // Of the other family than the local address there is nothing to be tried.
        untried = addresses.filter { localAddress == nil || $0.family == localAddress?.family }
        if untried.isEmpty {
            let code = UVError.addressFamilyNotSupported
            return finish(.failure(EndpointError(.connect, "\(endpoint)", code)))
        }
        tryNext()
    }

    private func tryNext() {
        guard !untried.isEmpty else {
            return finish(.failure(EndpointError(combining: failures, for: "\(endpoint)")))
        }
        let address = untried.removeFirst()
        do throws(UVError) {
            let transport = try Transport(
                loop, .connecting, reference, kind: address.transportKind, madeAt: place)
            self.transport = transport
            transport.neededExtras.isSilent = true
            try connect(transport, to: address)
        } catch {
            failed(address, error)
        }
    }

    private func connect(_ transport: Transport, to address: SocketAddress) throws(UVError) {
        let ended: (Int32) -> Void = { status in
            if status == 0 {
                self.succeeded(transport, address)
            } else {
                self.failed(address, UVError(rawValue: status))
            }
        }
        if address.family == .unix {
            try UnixConnecting.start(transport, to: address, from: localAddress, ended)
            return
        }
        if let localAddress {
            try UVError.check(
                localAddress.withSockaddr { address, _ in uv_tcp_bind(transport.tcp, address, 0) })
        }
        try ConnectRequest.start(transport, to: address, ended)
    }

    private func failed(_ address: SocketAddress, _ error: UVError) {
        transport?.abort()
        transport = nil
        guard completion != nil else { return }
        failures.append(EndpointError(.connect, "\(address)", error))
        // Aborted by whoever got hold of it, or the loop is closing: that ends all of it.
        if error == .canceled { untried = [] }
        tryNext()
    }

    private func succeeded(_ transport: Transport, _ address: SocketAddress) {
        self.transport = nil
        transport.neededExtras.isSilent = false
        transport.setPeer(address)
        if address.family != .unix { uv_tcp_nodelay(transport.tcp, 1) }
        transport.begin()
        if transport.isClosed, transport.extras?.error != nil {
            let failure = EndpointError(.connect, "\(address)", .connectionAborted)
            finish(.failure(failure))
        } else {
            finish(.success(transport))
        }
    }

    private func finish(_ result: Result<Transport, EndpointError>) {
        guard let completion else { return }
        self.completion = nil
        deadline?.stop()
        deadline = nil
        loop.core.guarded(.connectCompletion) { try completion(result) }
    }

    private func stop(with code: UVError) {
        guard completion != nil else { return }
        lookup?.cancel()
        lookup = nil
        let failure = EndpointError(.connect, "\(endpoint)", code)
        let (transport, completion) = (transport, completion)
        // Without it, the aborted transport's end is not taken for another failure.
        self.completion = nil
        self.transport = nil
        transport?.abort()
        self.completion = completion
        finish(.failure(failure))
    }

    /// Gives up: closes the socket, if there is one already, and completes with
    /// ``UVError/canceled``. Nothing happens once the attempt has ended.
    public func cancel() {
        loop.assertOnThread()
        stop(with: .canceled)
    }
}
