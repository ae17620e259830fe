/**
 * The libraries that the director has and plain Ruby 4.0 lacks: Base64, OpenStruct, and the part of
 * ActiveSupport that templates see.
 */
export const RUBY_LIBRARY = String.raw`
# Ruby 4.0 ships these two apart.
$LOADED_FEATURES << "ostruct.rb" << "base64.rb" << "socket.rb"

# There is no network here; ipaddr wants the names.
class Socket
  AF_UNSPEC = 0
  AF_INET = 2
  AF_INET6 = 10
end

class IPSocket
  def self.getaddress(name) = raise(SocketError, "getaddrinfo: #{name}")
end

class SocketError < StandardError; end

module Base64
  module_function

  def encode64(bytes) = [bytes].pack("m")
  def decode64(text) = text.unpack1("m")
  def strict_encode64(bytes) = [bytes].pack("m0")
  def strict_decode64(text) = text.unpack1("m0")

  def urlsafe_encode64(bytes, padding: true)
    text = strict_encode64(bytes).tr("+/", "-_")
    padding ? text : text.delete("=")
  end

  def urlsafe_decode64(text)
    plain = text.tr("-_", "+/")
    strict_decode64(plain.ljust((plain.length + 3) / 4 * 4, "="))
  end
end

class OpenStruct
  KEPT = %i[object_id __send__ __id__ instance_eval instance_exec].freeze

  def initialize(values = nil)
    @table = {}
    values&.each { |key, value| self[key] = value }
  end

  def [](name) = @table[name.to_sym]

  def []=(name, value)
    key = name.to_sym
    @table[key] = value
    return if KEPT.include?(key) || key.end_with?("!") || singleton_methods(false).include?(key)

    define_singleton_method(key) { @table[key] }
    define_singleton_method("#{key}=") { |changed| @table[key] = changed }
  end

  def to_h(&block) = block ? @table.to_h(&block) : @table.dup
  def each_pair(&block) = block ? (@table.each_pair(&block); self) : @table.each_pair
  def dig(name, *names) = @table.dig(name.to_sym, *names)
  def ==(other) = other.is_a?(OpenStruct) && to_h == other.to_h
  def eql?(other) = other.is_a?(OpenStruct) && to_h.eql?(other.to_h)
  def hash = @table.hash

  def delete_field(name)
    singleton_class.undef_method(name, "#{name}=")
    @table.delete(name.to_sym)
  end

  def respond_to_missing?(name, all = false) = @table.key?(name.to_s.chomp("=").to_sym) || super

  def inspect
    fields = @table.map { |key, value| " #{key}=#{value.inspect}" }
    "#<#{self.class}#{fields.join(",")}>"
  end
  alias to_s inspect

  private

  def method_missing(name, *given)
    if name.end_with?("=")
      raise ArgumentError, "wrong number of arguments (given #{given.length}, expected 1)" unless given.length == 1

      self[name.to_s.chomp("=")] = given.first
    elsif given.empty?
      @table[name]
    else
      begin
        super
      rescue NoMethodError => error
        error.backtrace.shift
        raise
      end
    end
  end
end

class Object
  def blank? = respond_to?(:empty?) ? !!empty? : !self
  def present? = !blank?
  def presence = (self if present?)
end

class String
  def blank? = strip.empty?
end
`;
