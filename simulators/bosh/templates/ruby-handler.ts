/**
 * The code that answers requests within Ruby: it renders templates, and finds out how the director's YAML
 * loader refuses a text.
 */
export const RUBY_HANDLER = String.raw`
module Drydock
  # Queries of the director's DNS (dns/dns_encoder.rb in bosh-director).
  class Encoder
    HEALTH = { "healthy" => 3, "unhealthy" => 1, "all" => 4, "default" => 0 }.freeze
    CHECKS = { "synchronous" => "y1", "asynchronous" => "y0" }.freeze

    def initialize(numbers)
      @numbers = numbers
    end

    def encode_query(criteria, link)
      short = link.fetch("use_short_dns_addresses", false)
      by_link = link.fetch("use_link_dns_names", false)
      parts = (criteria[:azs] || []).map { |az| "a#{zone(az)}" }
      parts << "n#{@numbers.dig("networks", link["default_network"])}" if short && link["default_network"]
      parts << CHECKS[criteria[:initial_health_check]]
      parts << "s#{HEALTH.fetch(criteria[:status], 0)}"
      slug = "q-#{parts.compact.sort.join}"
      return [slug, "q-g#{group(link, by_link)}", link["domain"]].join(".") if short

      name = by_link ? link["group_name"] : link["instance_group"]
      [slug, *[name, link["default_network"], link["deployment_name"]].map { |each| canonical(each) }, link["domain"]].join(".")
    end

    private

    def zone(name)
      @numbers.dig("azs", name) || raise("Unknown AZ: '#{name}'")
    end

    def group(link, by_link)
      kind, name = by_link ? ["link", link["group_name"]] : ["instance-group", link["instance_group"]]
      @numbers.dig("groups", "#{kind} #{name} #{link["deployment_name"]}")
    end

    def canonical(name) = name.downcase.tr("_", "-").gsub(/[^a-z0-9\-]/, "")
  end

  module_function

  # Each template in a context of its own: what one changes, the next does not see.
  def render(request)
    job = request["job"]
    results = request["templates"].map { |each| render_one(job, each, request) }
    { "results" => results }
  end

  def render_one(job, template, request)
    file = File.join(job, template["source"])
    erb = ERB.new(template["text"], trim_mode: "-")
    erb.filename = file
    context = Bosh::Common::Template::EvaluationContext.new(
      JSON.parse(JSON.generate(request["spec"])), Encoder.new(request["numbers"] || {})
    )
    { "text" => erb.result(context.get_binding).to_s.scrub }
  rescue Exception => error
    at = (error.backtrace || []).find { |line| line.include?(file) }
    { "error" => error.to_s.scrub, "line" => at ? at.delete_prefix("#{at[/\A.*?(?=#{Regexp.escape(file)})/m]}#{file}:")[/\A\d+/] : "(unknown)" }
  end

  # A document as the director loads it, or with what words it is refused.
  def load(request)
    permitted = request["symbols"] ? [Symbol] : []
    value = YAML.safe_load(request["text"], permitted_classes: permitted, aliases: request["aliases"])
    { "value" => value }
  rescue Exception => error
    { "class" => error.class.name, "message" => error.message.scrub }
  end

  def handle(text)
    request = JSON.parse(text)
    JSON.generate(request["kind"] == "render" ? render(request) : load(request))
  end
end
`;
