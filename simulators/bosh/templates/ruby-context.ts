/*
 * The environment of a template, in Ruby: `p`, `if_p`, `link`, `if_link`, `spec` and `properties` behave as those of bosh-template do
 * (bosh-common, lib/bosh/common/template). The classes have its names, because Ruby's own messages show them.
 */
/** The context of templates. */
export const RUBY_CONTEXT = String.raw`
require "erb"
require "json"
require "yaml"
require "shellwords"

module Bosh
  module Common
    module Template
      class EvaluationFailed < StandardError; end
      class InvalidPropertyType < StandardError; end

      class UnknownProperty < StandardError
        attr_reader :name

        def initialize(name)
          @name = name
          super("Can't find property '#{name}'")
        end
      end

      class UnknownLink < StandardError
        def initialize(name) = super("Can't find link '#{name}'")
      end

      module PropertyHelper
        def lookup_property(values, name)
          return nil if values.nil?

          name.split(".").reduce(values) do |value, key|
            inner = value[key]
            return nil if inner.nil?

            inner
          end
        end
      end

      # What answers p and if_p.
      module Lookups
        include PropertyHelper

        def p(*args)
          names = Array(args[0])
          names.each do |name|
            value = lookup_property(looked_up, name)
            return value unless value.nil?
          end
          return args[1] if args.length == 2

          raise UnknownProperty.new(names)
        end

        def if_p(*names)
          values = names.map { |name| lookup_property(looked_up, name) }
          return EvaluationContext::ActiveElseBlock.new(self) if values.any?(&:nil?)

          yield(*values)
          EvaluationContext::InactiveElseBlock.new
        end
      end

      class EvaluationContext
        include Lookups

        attr_reader :name, :index, :properties, :raw_properties, :spec

        def initialize(spec, encoder)
          @name = spec["name"]
          @index = spec["index"]
          @spec = as_struct(spec, BackCompatOpenStruct)
          @raw_properties = spec["properties"] || {}
          @properties = as_struct(@raw_properties, OpenStruct)
          @encoder = encoder
          @links = spec["links"] || {}
        end

        def get_binding = binding

        def link(name)
          found = lookup_property(@links, name)
          raise UnknownLink.new(name) if found.nil? || !found.key?("instances")

          open_link(found)
        end

        def if_link(name)
          found = lookup_property(@links, name)
          return ActiveElseBlock.new(self) if found.nil? || !found.key?("instances")

          yield open_link(found)
          InactiveElseBlock.new
        end

        private

        def looked_up = @raw_properties

        def open_link(found)
          instances = found["instances"].map { |each| EvaluationLinkInstance.new(each) }
          encoder = found.key?("address") ? ManualLinkDnsEncoder.new(found["address"]) : @encoder
          EvaluationLink.new(found, instances, encoder)
        end

        def as_struct(value, kind)
          case value
          when Hash then kind.new(value.transform_values { |each| as_struct(each, kind) })
          when Array then value.map { |each| as_struct(each, kind) }
          else value
          end
        end

        class BackCompatOpenStruct < OpenStruct
          def methods(all = true) = all ? super : to_h.keys
        end

        class ActiveElseBlock
          def initialize(context)
            @context = context
          end

          def else = yield
          def else_if_p(*names, &block) = @context.if_p(*names, &block)
          def else_if_link(name, &block) = @context.if_link(name, &block)
        end

        class InactiveElseBlock
          def else = nil
          def else_if_p(*_names) = InactiveElseBlock.new
          def else_if_link(_name) = InactiveElseBlock.new
        end
      end

      class EvaluationLink
        include Lookups

        attr_reader :instances, :properties

        def initialize(spec, instances, encoder)
          @instances = instances
          @properties = spec["properties"]
          @spec = spec
          @encoder = encoder
        end

        def address(criteria = {})
          @encoder.encode_query(criteria, @spec)
        end

        private

        def looked_up = @properties
      end

      class EvaluationLinkInstance
        include Lookups

        attr_reader :name, :index, :id, :az, :address, :properties, :bootstrap

        def initialize(spec)
          @name, @index, @id, @az = spec.values_at("name", "index", "id", "az")
          @address, @properties, @bootstrap = spec.values_at("address", "properties", "bootstrap")
        end

        private

        def looked_up = @properties
      end

      class ManualLinkDnsEncoder
        def initialize(address)
          @address = address
        end

        def encode_query(*_) = @address
      end
    end
  end
end
`;
