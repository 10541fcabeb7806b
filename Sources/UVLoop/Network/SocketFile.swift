import CUV

/// The file of a Unix-domain socket. Nothing is removed that is not a socket, that somebody answers
/// behind, or that somebody else has put in the place of what is meant.
struct SocketFile {
    /// How often a stale file is removed before one gives up: others may be about to do the same.
    private static let mostRemovals = 4

    private let name: UnixName
    private let file: cuv_file

    /// Whatever file is at the address; nil if there is none, or if the name is abstract.
    private init?(at address: SocketAddress) {
        guard let name = address.unixName else { return nil }
        var file = cuv_file()
        guard name.withPath({ cuv_file_at($0, &file) }) == 0 else { return nil }
        self.name = name
        self.file = file
    }

    /// Binds a socket to the address, and makes it listen. Returns the file that this has made; nil
    /// for an abstract name.
    ///
    /// - Parameter mode: the permissions of the file; nil for what the process's mask leaves.
    /// - Throws: ``UVError/addressInUse`` if there is something else than a stale socket.
    static func listen(
        _ descriptor: Int32, at address: SocketAddress, mode: Int?, backlog: Int
    ) throws(UVError) -> SocketFile? {
        try bind(descriptor, to: address)
        // Our own as long as the socket is open: until then nothing else gets its inode.
        let file = SocketFile(at: address)
        do throws(UVError) {
            // Nobody can connect before the socket listens.
            if let mode { try set(mode, at: address) }
            // At once, because a file that nobody listens behind is stale to others.
            try UVError.check(cuv_listen(descriptor, Int32(clamping: backlog)))
        } catch {
            file?.remove()
            throw error
        }
        return file
    }

    private static func bind(_ descriptor: Int32, to address: SocketAddress) throws(UVError) {
        for removals in 0... {
            do throws(UVError) {
                try UVError.check(address.withSockaddr { cuv_bind(descriptor, $0, $1) })
                return
            } catch {
                guard error == .addressInUse, removals < mostRemovals, try removeIfStale(address)
                else { throw error }
            }
        }
    }

    private static func set(_ mode: Int, at address: SocketAddress) throws(UVError) {
        guard (0...0o777).contains(mode) else { throw .invalidArgument }
        // An abstract name is open to everybody.
        guard let result = address.unixName?.withPath({ cuv_set_mode($0, UInt32(mode)) }) else {
            throw .notSupported
        }
        try UVError.check(result)
    }

    /// Removes the file at the address if it is a socket that nobody listens on.
    private static func removeIfStale(_ address: SocketAddress) throws(UVError) -> Bool {
        guard let found = SocketFile(at: address), found.file.is_socket else { return false }
        let probe = try UVError.check(cuv_stream_socket(AF_UNIX))
        defer { cuv_close(probe) }
        let answer = address.withSockaddr { cuv_connect(probe, $0, $1) }
        return answer == UV_ECONNREFUSED.rawValue && found.remove()
    }

    /// Removes the file, unless there is another one in its place by now. To be called before the
    /// socket is closed.
    @discardableResult
    func remove() -> Bool {
        let result = name.withPath { path in
            var now = cuv_file()
            guard cuv_file_at(path, &now) == 0, now.device == file.device, now.inode == file.inode
            else { return false }
            return cuv_remove(path) == 0
        }
        return result ?? false
    }
}
