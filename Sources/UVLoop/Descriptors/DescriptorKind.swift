import CUV

/// What it is that a descriptor stands for, as far as libuv tells it apart.
///
/// Binds `uv_guess_handle`.
public enum DescriptorKind: Hashable, Sendable {
    /// A terminal. To be opened as a ``Terminal``.
    case terminal
    /// A TCP socket, connected, listening or neither.
    case tcp
    /// A UDP socket.
    case udp
    /// A Unix-domain socket, or either end of a pipe or FIFO.
    case pipe
    /// A regular file, or a device that is no terminal, such as `/dev/null`.
    case file
    /// Nothing of these, or not open at all.
    case unknown

    /// Looks, and changes nothing. From any thread.
    public init(_ descriptor: Int32) {
        self =
            switch uv_guess_handle(descriptor) {
            case UV_TTY: .terminal
            case UV_TCP: .tcp
            case UV_UDP: .udp
            case UV_NAMED_PIPE: .pipe
            case UV_FILE: .file
            default: .unknown
            }
    }
}
