import CUV

/// What kind of file something is.
public enum FileKind: Hashable, Sendable {
    /// A file with bytes.
    case regular
    /// A directory.
    case directory
    /// A symbolic link.
    case symbolicLink
    /// A named pipe.
    case fifo
    /// A Unix-domain socket.
    case socket
    /// A character device, such as a terminal.
    case characterDevice
    /// A block device, such as a disk.
    case blockDevice
    /// Something else; in a directory's list also what the file system does not tell without being
    /// asked for the file's status.
    case unknown

    init(mode: UInt64) {
        self =
            switch mode & cuv_kind_mask {
            case cuv_kind_regular: .regular
            case cuv_kind_directory: .directory
            case cuv_kind_link: .symbolicLink
            case cuv_kind_fifo: .fifo
            case cuv_kind_socket: .socket
            case cuv_kind_character_device: .characterDevice
            case cuv_kind_block_device: .blockDevice
            default: .unknown
            }
    }

    init(_ type: uv_dirent_type_t) {
        self =
            switch type {
            case UV_DIRENT_FILE: .regular
            case UV_DIRENT_DIR: .directory
            case UV_DIRENT_LINK: .symbolicLink
            case UV_DIRENT_FIFO: .fifo
            case UV_DIRENT_SOCKET: .socket
            case UV_DIRENT_CHAR: .characterDevice
            case UV_DIRENT_BLOCK: .blockDevice
            default: .unknown
            }
    }
}
